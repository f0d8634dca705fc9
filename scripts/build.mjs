import { main } from './setup/main.mjs';
import { setUp } from './setup/profiles.mjs';

await main({ body: (progress) => setUp('build', progress) });
