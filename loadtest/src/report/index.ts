export { type LoadDocument } from './document.ts';
export { htmlReport } from './html/page.ts';
