// On a busy machine everything takes its time; a test that waits for a condition must fail by its own, telling message.

import { jest } from '@jest/globals';

jest.setTimeout(Number(process.env['TEST_PATIENCE'] ?? 60_000));
