import { testCrashes } from './crashes.ts';

testCrashes('ManagementToken');
