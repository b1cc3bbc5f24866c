//! Attacks: victims, methods, sets, captions, the command line.

mod batches;
mod caption;
mod command;
mod confirm;
mod figures;
mod honest;
mod list;
mod minimal;
mod query;
mod resized;
mod saliency;
mod sets;
mod victims;
mod white;

use nearmiss::attack::Method;

/// An attack by its name.
pub fn method(name: &str) -> Method {
    name.parse().expect("an attack of the list")
}
