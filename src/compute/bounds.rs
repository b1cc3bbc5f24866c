//! Where a batch may go, and bounds that stay on the device from one step of an attack to the next.

use crate::error::Result;
use crate::task::lock;
use std::any::Any;
use std::ptr;
use std::sync::{Arc, Mutex};

/// Where a batch may go: each array has one value per value of the batch.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// The pictures without perturbation; inside `lower..=upper`.
    pub clean: &'a [f32],
    /// The lowest value of each element.
    pub lower: &'a [f32],
    /// The highest value of each element; where it equals `lower` the element is fixed.
    pub upper: &'a [f32],
    owner: Option<&'a ResidentBounds>,
}

impl<'a> Bounds<'a> {
    /// Of arrays that may change before the next step: an engine with a device uploads them each time. See
    /// [`ResidentBounds`] for those of a whole attack.
    pub fn new(clean: &'a [f32], lower: &'a [f32], upper: &'a [f32]) -> Self {
        Self {
            clean,
            lower,
            upper,
            owner: None,
        }
    }

    /// The owner of these very arrays, if they have one.
    pub(super) fn owner(&self) -> Option<&'a ResidentBounds> {
        self.owner.filter(|owner| {
            ptr::eq(owner.clean.as_slice(), self.clean)
                && ptr::eq(owner.lower.as_slice(), self.lower)
                && ptr::eq(owner.upper.as_slice(), self.upper)
        })
    }
}

/// The bounds of an attack's batch. They never change, so that an engine with a device uploads them once, when it
/// first needs them, and keeps that copy for as long as these bounds live.
#[derive(Debug)]
pub struct ResidentBounds {
    clean: Vec<f32>,
    lower: Vec<f32>,
    upper: Vec<f32>,
    origin: Option<Origin>,
    copy: Mutex<Option<Arc<dyn Any + Send + Sync>>>,
}

/// Bounds that some rows were picked from: a device copies them from there instead of uploading them again.
#[derive(Debug)]
pub(super) struct Origin {
    /// The bounds of all rows.
    pub bounds: Arc<ResidentBounds>,
    /// The rows that were picked, in their order.
    pub rows: Vec<usize>,
}

impl ResidentBounds {
    /// Owns these arrays, one value each per value of the batch.
    pub fn new(clean: Vec<f32>, lower: Vec<f32>, upper: Vec<f32>) -> Self {
        Self {
            clean,
            lower,
            upper,
            origin: None,
            copy: Mutex::new(None),
        }
    }

    /// The bounds of `rows`, each of `len` values, in that order.
    #[must_use]
    pub fn pick(self: &Arc<Self>, len: usize, rows: &[usize]) -> Arc<Self> {
        let take = |values: &[f32]| pick_rows(values, len, rows);
        let origin = match &self.origin {
            None => Origin {
                bounds: Arc::clone(self),
                rows: rows.to_vec(),
            },
            // The first bounds serve all picks, so that no others are kept alive.
            Some(origin) => Origin {
                bounds: Arc::clone(&origin.bounds),
                rows: rows.iter().map(|&row| origin.rows[row]).collect(),
            },
        };
        Arc::new(Self {
            origin: Some(origin),
            ..Self::new(take(&self.clean), take(&self.lower), take(&self.upper))
        })
    }

    /// The rows without perturbation.
    pub fn clean(&self) -> &[f32] {
        &self.clean
    }

    /// The lowest values.
    pub fn lower(&self) -> &[f32] {
        &self.lower
    }

    /// The highest values.
    pub fn upper(&self) -> &[f32] {
        &self.upper
    }

    /// As the engines take them.
    pub fn view(&self) -> Bounds<'_> {
        Bounds {
            clean: &self.clean,
            lower: &self.lower,
            upper: &self.upper,
            owner: Some(self),
        }
    }

    /// Where these rows were picked from.
    pub(super) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The device's copy: the last one made if it `serves`, else a new one.
    pub(super) fn copy<T: Any + Send + Sync>(
        &self,
        serves: impl FnOnce(&T) -> bool,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<Arc<T>> {
        let mut copy = lock(&self.copy);
        let last = copy.clone().and_then(|copy| copy.downcast::<T>().ok());
        if let Some(last) = last.filter(|last| serves(last)) {
            return Ok(last);
        }
        let made = Arc::new(make()?);
        *copy = Some(made.clone());
        Ok(made)
    }
}

/// Rows `rows` of `values`, each of `len` values, in that order.
pub fn pick_rows(values: &[f32], len: usize, rows: &[usize]) -> Vec<f32> {
    rows.iter()
        .flat_map(|&row| &values[row * len..(row + 1) * len])
        .copied()
        .collect()
}
