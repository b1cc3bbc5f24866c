//! Attacks: victims, methods, sets, captions, the command line.

mod batches;
mod caption;
mod command;
mod figures;
mod honest;
mod minimal;
mod query;
mod resized;
mod saliency;
mod sets;
mod victims;
mod white;
