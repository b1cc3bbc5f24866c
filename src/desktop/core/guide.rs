//! The gradient of the text model, which several views use: made once for an encoder, by the job that needs it first.

use crate::attack::caption::Guide;
use crate::encoder::Encoder;
use crate::error::Result;
use crate::runtime::Provider;
use crate::task::lock;
use std::sync::{Arc, Mutex};

/// The text model's gradient or why it has none; nothing until a job has looked.
pub type SharedGuide = Arc<Mutex<Option<Result<Arc<Guide>, String>>>>;

/// The text model's gradient, or why it has none; made at the first call.
pub fn shared_guide(
    shared: &SharedGuide,
    encoder: &Encoder,
    providers: &[Provider],
) -> Result<Result<Arc<Guide>, String>> {
    let mut shared = lock(shared);
    if let Some(known) = &*shared {
        return Ok(known.clone());
    }
    let made = Guide::try_open(encoder, providers)?;
    Ok(shared.insert(made.map(Arc::new)).clone())
}
