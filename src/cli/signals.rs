//! SIGINT and SIGTERM end a command as a cancel does: what is finished stays, what is half written goes. A second signal
//! ends the process at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

struct Signals {
    /// Has one arrived?
    arrived: Arc<AtomicBool>,
    /// The latest; 0 before the first.
    number: Arc<AtomicUsize>,
}

fn signals() -> &'static Signals {
    static SIGNALS: OnceLock<Signals> = OnceLock::new();
    SIGNALS.get_or_init(|| {
        let signals = Signals {
            arrived: Arc::default(),
            number: Arc::default(),
        };
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag down. Where the system refuses, a signal ends the process as
            // if we had not asked.
            let _ = flag::register_conditional_default(signal, Arc::clone(&signals.arrived))
                .and_then(|_| {
                    flag::register_usize(signal, Arc::clone(&signals.number), signal as usize)
                })
                .and_then(|_| flag::register(signal, Arc::clone(&signals.arrived)));
        }
        signals
    })
}

/// Rises when a signal asks the process to end; from the first call on, signals do no more than that.
pub fn arrived() -> Arc<AtomicBool> {
    Arc::clone(&signals().arrived)
}

/// The exit code of a process that ended because of a signal: 130 after SIGINT, 143 after SIGTERM; `None` where none came.
pub fn exit_code() -> Option<u8> {
    let number = signals().number.load(Ordering::SeqCst);
    u8::try_from(number)
        .ok()
        .filter(|&n| n > 0)
        .map(|n| 128 + n)
}
