//! What keeps damaged and hostile files from harm: regular files alone are opened ([`open_regular`]), sizes that are only
//! stated are checked against the memory there is ([`memory`]), panics of libraries become messages ([`contained`]).
//!
//! The transform stands on these, and so should a [`GraphEngine`](crate::onnx::GraphEngine).

mod contain;
mod file;
pub mod memory;

pub use contain::{contained, panic_message};
pub use file::{MODEL, open_regular, read_all, require_regular};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A lock that a panicking thread cannot poison for the others.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
