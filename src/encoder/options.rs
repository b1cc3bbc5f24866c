//! What the user may choose about an encoder.

use super::preprocess::Preprocess;
use super::tower::Pool;
use crate::runtime::Provider;
use serde::{Deserialize, Serialize};

/// What the user chose about an encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EncoderOptions {
    /// Preprocessing instead of the encoder's own file.
    pub preprocess: Option<Preprocess>,
    /// The image model's output that is the embedding.
    pub image_output: Option<String>,
    /// The text model's output that is the embedding.
    pub text_output: Option<String>,
    /// How the image model's vectors per patch become one.
    pub image_pool: Option<Pool>,
    /// How the text model's vectors per token become one.
    pub text_pool: Option<Pool>,
    /// Where to run, in this order; the CPU is always tried last.
    pub providers: Vec<Provider>,
    /// Rows that run at once, from 1.
    pub batch: usize,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self {
            preprocess: None,
            image_output: None,
            text_output: None,
            image_pool: None,
            text_pool: None,
            providers: Provider::ALL.to_vec(),
            batch: 32,
        }
    }
}
