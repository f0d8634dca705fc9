import { CallApp } from './call-app.ts';
import { readPageQuery } from './address/page-query.ts';

const mount = document.getElementById('app');
if (mount) new CallApp(mount, readPageQuery(new URL(location.href))).start();
