import { expect, test } from "bun:test";
import { cronInWords } from "./cron-words.ts";

const WORDS: [string, string][] = [
  ["0 2 * * *", "every day at 02:00"],
  ["@daily", "every day at 00:00"],
  ["@hourly", "every hour"],
  ["@weekly", "every Sunday at 00:00"],
  ["@monthly", "at 00:00 on the 1st of every month"],
  ["@yearly", "at 00:00 on the 1st of January"],
  ["0 2 * * mon-fri", "every weekday at 02:00"],
  ["0 4 * * 0", "every Sunday at 04:00"],
  ["0 4 * * 7", "every Sunday at 04:00"],
  ["0 22 * * 1,3,5", "every Monday, Wednesday and Friday at 22:00"],
  ["0 4 * * sat,sun", "every Sunday and Saturday at 04:00"],
  ["30 3 1 * *", "at 03:30 on the 1st of every month"],
  ["30 3 1,15 * *", "at 03:30 on the 1st and 15th of every month"],
  ["30 3 1-7 * *", "at 03:30 on the 1st to 7th of every month"],
  ["30 3 2,3,22 6 *", "at 03:30 on the 2nd, 3rd and 22nd of June"],
  ["0 2,14 * * *", "every day at 02:00 and 14:00"],
  ["0,30 9 * * *", "every day at 09:00 and 09:30"],
  ["* * * * *", "every minute"],
  ["*/15 * * * *", "every 15 minutes"],
  ["*/15 * * * 1-5", "every 15 minutes, every weekday"],
  ["*/15 8-17 * * *", "every 15 minutes from 08:00 to 17:45"],
  ["0 8-17 * * 1-5", "every hour from 08:00 to 17:00, every weekday"],
  ["0 */2 * * *", "every 2 hours"],
  ["0 */6 * * *", "every day at 00:00, 06:00, 12:00 and 18:00"],
  ["20 */2 * * *", "every 2 hours at 20 minutes past"],
  ["20 * * * *", "every hour at 20 minutes past"],
  ["*/20 */2 * * *", "every 20 minutes of every second hour"],
  ["0 2 * jan,feb,mar,dec *", "every day at 02:00 in January to March and December"],
  ["0 5 13 * fri", "at 05:00 on the 13th of every month, and every Friday"],
  ["*/30 * 1 * *", "every 30 minutes, on the 1st of every month"],
  ["5,7 1,2,3,4,9 * * *", "every hour at 5 and 7 minutes past in the hours 01 to 04 and 09"],
  ["nonsense", "nonsense"],
];

test.each(WORDS)("%s", (expr, words) => {
  expect(cronInWords(expr)).toBe(words);
});
