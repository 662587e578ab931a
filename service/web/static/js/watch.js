// Asks again and again whether something changed: often while somebody is at work, else once a second, never for a
// page that nobody sees. `look` asks once and resolves to whether something had changed.
const SOON = 40;
const LATER = 1000;
const RESTING = 10 * 60 * 1000;

export function watch(look) {
  let changedAt = Date.now();
  const again = async () => {
    try {
      if (!document.hidden && (await look())) changedAt = Date.now();
    } catch {
      changedAt = 0; // the service is away: ask less often until something changes again
    }
    setTimeout(again, Date.now() - changedAt < RESTING ? SOON : LATER);
  };
  again();
}
