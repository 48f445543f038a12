/** The backend suite on GPU mode webgl2, in a real Chromium: the backend runs in a page, the tests run here. */
import { describeBackend } from '../../helpers/backend-suite.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { openRemoteBackend } from '../../helpers/remote-backend.js';

if (testInBrowser === test) {
  describeBackend('gpu, webgl2 in Chromium', 'a memory of its own', () => openRemoteBackend('webgl2'));
} else {
  test.skip('gpu, webgl2: there is no browser', () => undefined);
}
