//! How the caller of long work watches it, and asks it to stop.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

/// Told how far work has come, and asked whether it is to go on. `&()` is one that nobody sees and that never stops it.
pub trait Monitor: Send + Sync {
    /// A stage of `total` steps begins (0: nobody knows how many).
    fn begin(&self, _stage: &str, _total: u64) {}

    /// So many steps of the stage are done.
    fn add(&self, _steps: u64) {}

    /// Set where the work is to stop: it does so before the next operator, or in the middle of one where the engine can.
    fn cancelled(&self) -> &Arc<AtomicBool>;
}

impl dyn Monitor + '_ {
    /// May the work go on?
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn check(&self) -> Result<()> {
        if self.cancelled().load(Ordering::Relaxed) {
            Err(Error::Cancelled)
        } else {
            Ok(())
        }
    }
}

impl Monitor for () {
    fn cancelled(&self) -> &Arc<AtomicBool> {
        static NEVER: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
        &NEVER
    }
}
