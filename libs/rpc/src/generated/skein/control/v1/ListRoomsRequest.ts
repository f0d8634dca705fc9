// From proto/skein/control/v1/control.proto

export interface ListRoomsRequestInput {
  /**
   * Default and most: 1000.
   */
  pageSize?: number;
  /**
   * `next_page_token` of the page before.
   */
  pageToken?: string;
}

export interface ListRoomsRequest {
  /**
   * Default and most: 1000.
   */
  pageSize: number;
  /**
   * `next_page_token` of the page before.
   */
  pageToken: string;
}
