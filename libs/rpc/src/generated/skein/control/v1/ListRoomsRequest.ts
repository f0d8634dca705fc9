// From proto/skein/control/v1/control.proto

export interface ListRoomsRequestInput {
  /**
   * Rooms per page. Default and maximum: 1000.
   */
  pageSize?: number;
  /**
   * `next_page_token` of the previous page. Empty: the first page.
   */
  pageToken?: string;
}

export interface ListRoomsRequest {
  /**
   * Rooms per page. Default and maximum: 1000.
   */
  pageSize: number;
  /**
   * `next_page_token` of the previous page. Empty: the first page.
   */
  pageToken: string;
}
