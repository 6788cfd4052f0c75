/** Calendar fields in UTC → Unix ms. */

/** As `Date.UTC`, which takes the years 0 to 99 for those of the last century. @param month 0 to 11 */
export function utcTime(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.setUTCHours(hour, minute, second);
}
