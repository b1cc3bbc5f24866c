//! A batch as the engines take it.

/// The score of a pair of a batch that is neither positive nor negative: so low that no loss sees it, and finite on
/// every device.
pub const LEFT_OUT: f32 = -1e30;

/// B pairs of an image and a caption.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Rows of the images, `[B, inputs]`.
    pub images: Vec<f32>,
    /// Rows of the captions, `[B, inputs]`.
    pub texts: Vec<f32>,
    /// Pairs beside the diagonal that are not negatives, each i B + j for image i and caption j.
    pub left_out: Vec<u32>,
}
