// At the next visit: what a crashed page of a sitting could not send any more.
import { fillLeft } from "./room/fill.js";

fillLeft();
