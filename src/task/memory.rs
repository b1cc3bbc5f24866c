//! One gate for the memory that files ask for: what is decoded at a time over all threads is bounded together.
//!
//! A few hundred bytes can ask for gigabytes, and a failed allocation ends the process. So whoever makes more of a file
//! than the file holds asks here first: [`hold`] waits while others hold what is left, and refuses what alone is too
//! much; [`fits`] asks for what is kept, [`fits_briefly`] for what is soon gone again.

pub use nearmiss_grad::guard::memory::{MOST, TooMuch, fits, fits_briefly, room};

use super::lock;
use nearmiss_grad::guard::memory::available;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long what the system said of its memory holds.
const FRESH: Duration = Duration::from_secs(1);

/// Bytes that are held until this is dropped. A thread that holds some must not wait for more.
#[derive(Debug)]
pub struct Held {
    bytes: u64,
}

struct Gate {
    held: u64,
    /// What may be held, and when the system was asked.
    budget: Option<(u64, Instant)>,
}

static GATE: Mutex<Gate> = Mutex::new(Gate {
    held: 0,
    budget: None,
});
static FREED: Condvar = Condvar::new();

/// Holds `bytes`, after waiting for others where they hold too much.
///
/// # Errors
/// `bytes` alone is more than may be held.
pub fn hold(bytes: u64) -> Result<Held, TooMuch> {
    let mut gate = lock(&GATE);
    loop {
        let budget = gate.budget();
        if bytes > budget {
            return Err(TooMuch {
                asked: bytes,
                budget,
            });
        }
        if gate.held + bytes <= budget {
            gate.held += bytes;
            return Ok(Held { bytes });
        }
        gate = FREED.wait(gate).unwrap_or_else(PoisonError::into_inner);
    }
}

impl Gate {
    fn budget(&mut self) -> u64 {
        match self.budget {
            // What is held is missing from what is left, so that a new look waits until nothing is.
            Some((budget, since)) if self.held > 0 || since.elapsed() < FRESH => budget,
            _ => {
                let budget = available().map_or(MOST, |left| MOST.min(left / 2));
                self.budget = Some((budget, Instant::now()));
                budget
            }
        }
    }
}

impl Held {
    /// Lets go of all but `bytes`.
    pub fn shrink(&mut self, bytes: u64) {
        let freed = self.bytes.saturating_sub(bytes);
        self.bytes -= freed;
        lock(&GATE).held -= freed;
        FREED.notify_all();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn what_is_too_much_alone_is_refused_and_the_rest_waits_its_turn() {
        let budget = lock(&GATE).budget();
        let refused = hold(budget + 1);
        assert!(refused.is_err_and(|e| e.asked == budget + 1 && e.budget <= MOST));
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        let part = budget / 2 - budget / 8;
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let held = hold(part).expect("a part");
                    most.fetch_max(
                        now.fetch_add(part, Ordering::SeqCst) + part,
                        Ordering::SeqCst,
                    );
                    std::thread::sleep(Duration::from_millis(5));
                    now.fetch_sub(part, Ordering::SeqCst);
                    drop(held);
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= budget);
    }
}
