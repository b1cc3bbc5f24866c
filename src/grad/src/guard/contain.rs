//! Panics of libraries, turned into errors.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// How many calls of [`contained`] this thread is in.
    static CONTAINED: Cell<u32> = const { Cell::new(0) };
}

/// Runs `work`, which calls a library that may panic on damaged input. What the library would have printed is kept
/// quiet; what `work` left half changed must not be used after an error.
///
/// # Errors
/// The panic's message.
pub fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let shown = take_hook();
        set_hook(Box::new(move |panic| {
            if CONTAINED.get() == 0 {
                shown(panic);
            }
        }));
    });
    CONTAINED.set(CONTAINED.get() + 1);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    CONTAINED.set(CONTAINED.get() - 1);
    outcome.map_err(|panic| panic_message(panic.as_ref()))
}

/// The message inside a panic's payload.
pub fn panic_message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_message_and_work_goes_on() {
        let inner = contained(|| {
            let inner = contained(|| -> u32 { panic!("index {}", 7) });
            assert_eq!(CONTAINED.get(), 1);
            inner
        });
        assert_eq!(inner, Ok(Err("index 7".into())));
        assert_eq!(contained(|| 3), Ok(3));
        assert_eq!(CONTAINED.get(), 0);
    }
}
