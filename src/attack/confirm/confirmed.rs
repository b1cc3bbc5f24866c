//! What an attack found, and what that says of a closed form.

use crate::attack::description::Method;
use crate::attack::threat::Norm;

/// How far from the closed form, as a part of it, a radius may be by rounding, whatever the row.
pub const ROUNDING: f64 = 1e-5;
/// The same as a part of the row's own size, for its rounding and that of sums: eight times half the last bit of a
/// float32.
pub(super) const OF_ROW: f64 = 8.0 / (1 << 24) as f64;
/// How far above the closed form, as a part of it, a radius may be that confirms it.
pub const NEAR: f64 = 0.01;

/// One row against one attack in one norm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confirmed {
    /// The norm.
    pub norm: Norm,
    /// The attack.
    pub method: Method,
    /// The row, from 0.
    pub row: usize,
    /// The radius that the closed form gives.
    pub closed: f64,
    /// The smallest radius at which the attack changed the answer, to two parts in a million of it; 0 where the model
    /// is wrong about the row itself, `None` where the attack needs more than 1.05 times the closed form.
    pub found: Option<f64>,
    /// The size, in the norm, of the perturbation that did at [`Confirmed::found`]: the values that the model was
    /// given, less those of the row. At most the radius but for rounding.
    pub size: Option<f64>,
    /// By how much rounding to float32 may move what is found: [`ROUNDING`] of the closed form, and half a part in a
    /// million of the row's own size in the norm (in l2 for Fourier-l-inf). An error of a value is itself a
    /// perturbation, and one of a weight changes the radius by as much of the row's size, so that these bound both.
    pub rounding: f64,
}

/// What an attack says of a closed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// It found a radius that is at most [`NEAR`] above, and not below, but for rounding.
    Confirmed,
    /// It found a radius that is below by more than rounding: the closed form is wrong.
    Beaten,
    /// It did not come near: the attack is too weak, or the closed form too small.
    NotReached,
}

impl Confirmed {
    /// The found radius as a multiple of the closed form; `None` where there is none.
    pub fn ratio(&self) -> Option<f64> {
        self.found.map(|found| found / self.closed)
    }

    /// What it says of the closed form.
    pub fn agreement(&self) -> Agreement {
        match self.found {
            Some(found) if found < self.closed - self.rounding => Agreement::Beaten,
            Some(found) if found <= (1.0 + NEAR) * self.closed + self.rounding => {
                Agreement::Confirmed
            }
            _ => Agreement::NotReached,
        }
    }
}
