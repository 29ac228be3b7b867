import { testCrashes } from './crashes.ts';

testCrashes('DatabaseToken');
