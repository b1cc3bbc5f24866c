//! Recalls and their bands, as `learn` prints them.

use crate::learn::{Band, Figure, Recalls};
use serde::Serialize;

/// Recall in per cent.
#[derive(Serialize)]
pub struct Measured {
    pub i2t: At<f64>,
    pub t2i: At<f64>,
}

#[derive(Serialize)]
pub struct At<T> {
    pub r1: T,
    pub r5: T,
    pub r10: T,
}

#[derive(Serialize)]
pub struct BandsAnswer {
    pub i2t: At<BandAnswer>,
    pub t2i: At<BandAnswer>,
    pub seeds: usize,
}

#[derive(Serialize)]
pub struct BandAnswer {
    pub mean: f64,
    /// Half the width of the 95 % band of the mean; null with one seed.
    pub half_width: Option<f64>,
}

impl BandAnswer {
    /// The band itself.
    pub fn band(&self) -> Band {
        Band {
            mean: self.mean,
            half: self.half_width,
        }
    }
}

impl From<Band> for BandAnswer {
    fn from(band: Band) -> Self {
        Self {
            mean: band.mean,
            half_width: band.half,
        }
    }
}

impl From<&Recalls> for Measured {
    fn from(recalls: &Recalls) -> Self {
        let at = |[r1, r5, r10]: [f64; 3]| At { r1, r5, r10 };
        Self {
            i2t: at(recalls.i2t),
            t2i: at(recalls.t2i),
        }
    }
}

impl BandsAnswer {
    /// Of the six recalls over so many seeds.
    pub fn new(bands: &[Band; 6], seeds: usize) -> Self {
        let band = |k: usize| bands[k].into();
        let at = |k: usize| At {
            r1: band(k),
            r5: band(k + 1),
            r10: band(k + 2),
        };
        Self {
            i2t: at(0),
            t2i: at(3),
            seeds,
        }
    }
}

/// The bands of all six recalls; `None` where one has none.
pub fn six(of: impl Fn(Figure) -> Option<Band>) -> Option<[Band; 6]> {
    let bands: Option<Vec<Band>> = Figure::all().into_iter().map(of).collect();
    bands?.try_into().ok()
}

/// "+2.0 ± 2.9 (not settled by these seeds)".
pub fn said(band: Band) -> String {
    let settled = match band.half {
        None => "one seed settles nothing",
        Some(_) if band.is_settled() => "settled",
        Some(_) => "not settled by these seeds",
    };
    format!(
        "{:+.1}{} ({settled})",
        band.mean,
        band.half.map_or_else(String::new, |h| format!(" ± {h:.1}"))
    )
}
