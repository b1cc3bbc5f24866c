//! The points at which writing may be stopped, so that tests stop it at each of them.

use crate::error::Result;
use std::sync::atomic::{AtomicU64, Ordering};

/// The variable that says at which point the process ends, from 1; the tests of interrupted writes set it.
const VARIABLE: &str = "NEARMISS_STOP_AT_WRITE";

/// Called before and after each step that changes files: `what` names it. Ends the process where [`VARIABLE`] asks for
/// it, as a kill at this moment would.
///
/// # Errors
/// None today; a step may be refused.
#[allow(clippy::unnecessary_wraps)]
pub fn step(what: &str) -> Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    if std::env::var_os(VARIABLE).is_some_and(|at| *at == *number.to_string()) {
        eprintln!("stopped before {what}, point {number}");
        // Nothing is cleaned up: neither is it after a kill.
        std::process::abort();
    }
    Ok(())
}
