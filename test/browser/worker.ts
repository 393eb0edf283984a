// What a program in a worker of a browser imports: the backend of tfjs that it chooses, and what computes.
import '@tensorflow/tfjs-backend-cpu';

export { adaptedClip } from './adaptedClip.js';
