import { moveBack, moveCheckout } from '../../src/workspace/switch-checkout.js';
import { effort, errandsIn } from './checkout-fixture.js';

// One move there or back, to be killed somewhere on the way: `move-program.js there|back ROOT MIRROR V1 V2 MADE…`
const [way = '', root = '', mirror = '', v1 = '', v2 = '', ...made] = process.argv.slice(2);
const { move, back } = errandsIn({ root, mirror, v1, v2 }, { made });
await (way === 'there' ? moveCheckout(move, effort()) : moveBack(back, effort()));
