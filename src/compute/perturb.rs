//! What attacks do with pixels between two runs of a model: steps, projections, noise, norms; Fourier transforms and
//! colours of perturbations.
//!
//! All arrays are row-major `[rows, channels, height, width]` in float32; a row is one picture (or one raw tensor of
//! shape `[1, 1, values]`). Both engines give the same numbers to rounding, and the same random stream.

use super::Bounds;
use crate::error::Result;

/// Shape of a batch of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Pictures.
    pub rows: usize,
    /// Channels of each.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
}

impl Grid {
    /// Values of one channel.
    pub fn plane(&self) -> usize {
        self.height * self.width
    }

    /// Values of one row of the batch.
    pub fn len(&self) -> usize {
        self.channels * self.plane()
    }

    /// Has a row no value?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values in all.
    pub fn total(&self) -> usize {
        self.rows * self.len()
    }

    /// The same pictures, `rows` of them.
    #[must_use]
    pub fn with_rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }
}

/// A band of spatial frequencies: those whose radius `sqrt(fy^2 + fx^2) / sqrt(0.5)`, `f` in cycles per pixel
/// (-0.5 to 0.5), lies in `[low, high]`; 0 is the mean, 1 the highest diagonal frequency.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Band {
    /// Lowest radius.
    pub low: f32,
    /// Highest radius.
    pub high: f32,
}

impl Band {
    /// Every frequency.
    pub const ALL: Self = Self {
        low: 0.0,
        high: 1.0,
    };
}

/// The set that a perturbation `delta = x - clean` must stay in, besides the box of [`Bounds`]. Radii are in units of
/// pixel values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ball {
    /// The box alone. Steps are in units of half the box's width, element by element.
    Box,
    /// `max |delta| <= r`.
    Linf(f32),
    /// `||delta||_2 <= r`.
    L2(f32),
    /// `||delta||_1 <= r`.
    L1(f32),
    /// At most this many pixels differ (in any channel).
    L0(u32),
    /// `|F(delta)| <= eps` at every frequency of every channel, F the orthonormal 2-D Fourier transform; zero outside
    /// the band (arXiv 2102.08868).
    Fourier(f32, Band),
}

/// Kinds of random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// Uniform in [-1, 1).
    Uniform,
    /// -1 or 1.
    Sign,
    /// Standard normal.
    Normal,
}

/// How large a perturbation is; a value that is not a number counts as no perturbation.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Size {
    /// Largest absolute value.
    pub linf: f32,
    /// Euclidean norm.
    pub l2: f32,
    /// Sum of absolute values.
    pub l1: f32,
    /// Pixels that differ in any channel.
    pub l0: u32,
    /// Mean of the perturbation.
    pub mean: f32,
}

/// Steps, projections, noise and sizes; see [`Engine`](super::Engine). A row never depends on the others.
pub trait Perturb {
    /// `x <- P(x + size d)`: `d` is the direction of steepest ascent of `gradient` in the ball's norm, of norm 1, and
    /// `P` is [`Perturb::project`]. `size` is one number per row; a negative one descends.
    ///
    /// `d` is `sign(g)` for l-inf (times half the box's width for [`Ball::Box`]), `g / ||g||_2` for l2; for l1 the
    /// sign on the elements with the largest `|g|` that the box does not stop, one in a hundred of all (rounded up),
    /// divided by their number (SLIDE, arXiv 1904.13000); for l0 the sign on the k pixels with the largest
    /// `sum_c |g|`; for Fourier-l-inf `F^-1(F(g) / |F(g)|)` over the band. Ties go by index. Elements whose `lower`
    /// equals `upper` have gradient 0; a gradient of zeros, or with a value that is not finite, gives no step.
    ///
    /// # Errors
    /// Arrays that do not fit `grid`, or a lost device.
    fn ascend(
        &self,
        grid: Grid,
        ball: Ball,
        bounds: Bounds<'_>,
        x: &mut [f32],
        gradient: &[f32],
        size: &[f32],
    ) -> Result<()>;

    /// Brings `x` into the ball around `clean`, then into the box. l-inf, l2 and l1 project onto the ball; l0 keeps
    /// the pixels that bring it nearest to `x` inside the box, ties by index (arXiv 1909.05040); Fourier-l-inf clips
    /// every magnitude, alternates with the box, and ends by shrinking, so that both hold (a limited band then holds
    /// only approximately: what the box puts outside it stays). Rounding goes towards `clean`, and l1 and l2 aim one
    /// part in a million inside, so that the result is inside its ball, and projecting again changes nothing.
    /// Afterwards `lower <= x <= upper` to the last bit; where `x` was not a number it is `clean`.
    ///
    /// # Errors
    /// Arrays that do not fit `grid`, or a lost device.
    fn project(&self, grid: Grid, ball: Ball, bounds: Bounds<'_>, x: &mut [f32]) -> Result<()>;

    /// APGD's step (arXiv 2003.01690, algorithm 1): `z = P(x + size d)`,
    /// `x' = P(x + alpha (z - x) + (1 - alpha)(x - before))`; `before <- x`, `x <- x'`.
    ///
    /// # Errors
    /// Arrays that do not fit `grid`, or a lost device.
    #[allow(clippy::too_many_arguments)]
    fn momentum_step(
        &self,
        grid: Grid,
        ball: Ball,
        bounds: Bounds<'_>,
        x: &mut [f32],
        before: &mut [f32],
        gradient: &[f32],
        size: &[f32],
        alpha: f32,
    ) -> Result<()>;

    /// MI-FGSM's accumulation (arXiv 1710.06081, eq. 6): `velocity <- decay velocity + g / mean |g|`; a gradient of
    /// zeros, or with a value that is not finite, adds nothing.
    ///
    /// # Errors
    /// Arrays that do not fit `grid`, or a lost device.
    fn accumulate(
        &self,
        grid: Grid,
        velocity: &mut [f32],
        gradient: &[f32],
        decay: f32,
    ) -> Result<()>;

    /// Random numbers from a counter-based generator (Philox 4x32-10): value `i` of a row depends on `seed`, `stream`,
    /// the row's entry of `keys` and `i` alone, so that batching never changes it. It is made of word `i mod 4` of the
    /// block with counter `[i / 4, key, stream, 0]` and key `[seed mod 2^32, seed / 2^32]`.
    ///
    /// # Errors
    /// Arrays that do not fit `grid`, or a lost device.
    fn noise(
        &self,
        grid: Grid,
        kind: Noise,
        seed: u64,
        stream: u32,
        keys: &[u32],
    ) -> Result<Vec<f32>>;

    /// Square Attack's proposal (arXiv 1912.00049, algorithm 2): in each row, `x` in the square `squares[row]`
    /// becomes `clean + eps s_c` inside the box, `s_c` being 1 where bit `c mod 32` of `signs[row]` is set, else -1.
    /// The part of a square outside the picture is ignored.
    ///
    /// # Errors
    /// Arrays that do not fit `grid`, or a lost device.
    fn paint_squares(
        &self,
        grid: Grid,
        bounds: Bounds<'_>,
        x: &mut [f32],
        eps: f32,
        squares: &[Square],
        signs: &[u32],
    ) -> Result<()>;

    /// The size of each row's `x - clean`.
    ///
    /// # Errors
    /// Arrays that do not fit `grid`, or a lost device.
    fn measure(&self, grid: Grid, clean: &[f32], x: &[f32]) -> Result<Vec<Size>>;
}

/// A square of pixels inside a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Square {
    /// Its first row.
    pub top: u32,
    /// Its first column.
    pub left: u32,
    /// Its height.
    pub height: u32,
    /// Its width.
    pub width: u32,
}

/// The 2-D Fourier transform of pictures, channel by channel, orthonormal.
pub trait Spectrum {
    /// `|F(values)|`, zero frequency first.
    ///
    /// # Errors
    /// A lost device.
    fn magnitudes(&self, grid: Grid, values: &[f32]) -> Result<Vec<f32>>;

    /// `F^-1(F(g) / |F(g)|)` over `band`, real; where `|F(g)|` is 0, 0.
    ///
    /// # Errors
    /// A lost device.
    fn flatten(&self, grid: Grid, band: Band, values: &mut [f32]) -> Result<()>;

    /// Clips every magnitude at `eps`, zeroes the frequencies outside `band`; the result is real.
    ///
    /// # Errors
    /// A lost device.
    fn clip(&self, grid: Grid, eps: f32, band: Band, values: &mut [f32]) -> Result<()>;
}

/// How a heatmap colours numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Colours {
    /// Blue - white - red, white at 0, full colour at -scale and +scale.
    Signed,
    /// viridis from 0 to scale.
    Viridis,
    /// magma from 0 to scale.
    Magma,
    /// Grey from 0 to scale.
    Grey,
}

/// Colours of numbers.
pub trait Paint {
    /// RGBA in 8 bits of `values`, four bytes each, opaque; beyond the scale the end's colour; NaN is grey.
    ///
    /// # Errors
    /// A lost device.
    fn colour(&self, values: &[f32], colours: Colours, scale: f32) -> Result<Vec<u8>>;
}
