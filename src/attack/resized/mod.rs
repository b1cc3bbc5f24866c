//! Attacks at a picture's own resolution: through resize and crop to what the model sees, and back.

mod pass;

use super::loss::Loss;
use super::pictures;
use super::victim::{AscentLoss, ValueAndGradient, Verdict, Victim};
use crate::compute::Grid;
use crate::dataset::Picture;
use crate::encoder::{Line, Linear, Preprocess, Resize};
use crate::error::{Error, Result};
use crate::task::Task;
use pass::{Axis, Pass, clipped, stopped};

/// A picture after the first pass and after the second, neither clipped.
struct Way {
    middle: Vec<f32>,
    end: Vec<f32>,
}

/// A victim whose rows are pictures at their own size, pixels in [0, 1], all of one size. They come to the inner
/// victim through the resize and crop of its preprocessing in real numbers: each side is clipped to [0, 1] as the
/// 8-bit steps are (the gradient stops where it was), but nothing is rounded. [`Resized::predict_saved`] rounds.
pub struct Resized<V> {
    inner: V,
    preprocess: Preprocess,
    /// Channels, height and width of the pictures; `rows` is 0.
    own: Grid,
    /// In the order in which they are taken.
    passes: [Pass; 2],
}

impl<V: Victim> Resized<V> {
    /// Pictures of `height` x `width` pixels, one for each row of `inner`, which takes what `preprocess` leaves.
    ///
    /// # Errors
    /// As [`Preprocess::apply`]; what comes out of `preprocess` does not fit `inner`.
    pub fn new(inner: V, preprocess: &Preprocess, height: usize, width: usize) -> Result<Self> {
        let pixels = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let Linear {
            height: down,
            width: across,
            height_first,
        } = preprocess.linear(pixels(height), pixels(width))?;
        let (wanted, channels) = (inner.grid(), preprocess.channels);
        let made = [channels, down.outputs(), across.outputs()];
        if made != [wanted.channels, wanted.height, wanted.width] {
            return Err(Error::request(
                format!(
                    "the preprocessing turns pictures of {width} x {height} into {made:?} (channels, height, width); \
                     the model takes {:?}",
                    [wanted.channels, wanted.height, wanted.width]
                ),
                "Choose the preprocessing that this model was trained with.",
            ));
        }
        let pass = |axis, there: Line| Pass {
            axis,
            back: there.transposed(),
            there,
        };
        let (down, across) = (pass(Axis::Height, down), pass(Axis::Width, across));
        Ok(Self {
            inner,
            preprocess: preprocess.clone(),
            own: Grid {
                rows: 0,
                channels,
                height,
                width,
            },
            passes: if height_first {
                [down, across]
            } else {
                [across, down]
            },
        })
    }

    /// The victim behind it.
    pub fn inner(&mut self) -> &mut V {
        &mut self.inner
    }

    /// A row's values for `picture`, `[channels, height, width]`; grey where the model takes one channel.
    ///
    /// # Errors
    /// The picture is of another size, or has no pixels.
    pub fn pixels(&self, picture: &Picture) -> Result<Vec<f32>> {
        if [picture.height as usize, picture.width as usize] != [self.own.height, self.own.width] {
            return Err(Error::request(
                format!(
                    "a picture of {} x {} pixels among those of {} x {}",
                    picture.width, picture.height, self.own.width, self.own.height
                ),
                "Attack pictures of different sizes one by one.",
            ));
        }
        let as_is = Preprocess {
            resize: Resize::None,
            crop: None,
            ..self.preprocess.clone()
        };
        pictures::pixels(&as_is, picture)
    }

    /// What the inner victim sees of `x`, values of rows one after the other.
    ///
    /// # Errors
    /// `x` is not made of whole rows, or `task` was cancelled.
    pub fn seen(&self, x: &[f32], task: &Task) -> Result<Vec<f32>> {
        Ok(ends(&self.there(x, task)?))
    }

    /// Takes a gradient by what is seen of `x` back to `x`: the transpose of [`Resized::seen`] where nothing is
    /// clipped.
    ///
    /// # Errors
    /// As [`Resized::seen`]; `gradient` does not have a value for each that is seen.
    pub fn back(&self, x: &[f32], gradient: &[f32], task: &Task) -> Result<Vec<f32>> {
        self.back_along(&self.there(x, task)?, gradient, task)
    }

    fn back_along(&self, ways: &[Way], gradient: &[f32], task: &Task) -> Result<Vec<f32>> {
        let seen = self.inner.grid();
        if gradient.len() != ways.len() * seen.len() {
            return Err(Error::request(
                format!(
                    "a gradient of {} values for {} rows of {}",
                    gradient.len(),
                    ways.len(),
                    seen.len()
                ),
                "Give one value for each that the model sees.",
            ));
        }
        let [first, second] = &self.passes;
        let mut out = Vec::with_capacity(ways.len() * self.own.len());
        for (way, gradient) in ways.iter().zip(gradient.chunks_exact(seen.len().max(1))) {
            task.check()?;
            let gradient = stopped(gradient, &way.end);
            let gradient = second.apply(&second.back, &gradient, seen.width);
            task.check()?;
            let gradient = stopped(&gradient, &way.middle);
            out.extend(first.apply(&first.back, &gradient, self.middle()));
        }
        Ok(out)
    }

    /// Scores of `x` once saved: rounded to 8 bits at its own size, then through the 8-bit resize and crop like any
    /// picture from a file.
    ///
    /// # Errors
    /// As [`Victim::predict`].
    pub fn predict_saved(
        &mut self,
        rows: &[usize],
        x: &[f32],
        task: &Task,
    ) -> Result<Vec<Verdict>> {
        let Grid {
            channels,
            height,
            width,
            ..
        } = self.own;
        let mut seen = Vec::new();
        for row in self.whole(x)? {
            task.check()?;
            let picture = pictures::picture(row, channels, height, width);
            seen.extend(pictures::pixels(&self.preprocess, &picture)?);
        }
        self.inner.predict(rows, &seen, task)
    }

    /// The rows of `x`.
    fn whole<'x>(&self, x: &'x [f32]) -> Result<std::slice::ChunksExact<'x, f32>> {
        let rows = x.chunks_exact(self.own.len().max(1));
        if rows.remainder().is_empty() {
            return Ok(rows);
        }
        Err(Error::request(
            format!("{} values are not whole rows of {:?}", x.len(), self.own),
            "Give every picture at its own size.",
        ))
    }

    /// Every row's way through the passes.
    fn there(&self, x: &[f32], task: &Task) -> Result<Vec<Way>> {
        let [first, second] = &self.passes;
        let one = |row: &[f32]| {
            task.check()?;
            let middle = first.apply(&first.there, row, self.own.width);
            task.check()?;
            let mut end = second.apply(&second.there, &clipped(&middle), self.middle());
            self.fill_up(&mut end);
            Ok(Way { middle, end })
        };
        self.whole(x)?.map(one).collect()
    }

    /// Puts the preprocessing's fill where the picture does not reach.
    fn fill_up(&self, end: &mut [f32]) {
        let fill = f32::from(self.preprocess.fill) / 255.0;
        if fill == 0.0 {
            return;
        }
        let line = |axis: Axis| {
            self.passes
                .iter()
                .find(|p| p.axis == axis)
                .map(|p| &p.there)
        };
        let (Some(down), Some(across)) = (line(Axis::Height), line(Axis::Width)) else {
            return;
        };
        let beyond = |line: &Line, at: usize| line.run(at).1.is_empty();
        for (at, value) in end.iter_mut().enumerate() {
            let (row, column) = (
                at / across.outputs() % down.outputs(),
                at % across.outputs(),
            );
            if beyond(down, row) || beyond(across, column) {
                *value = fill;
            }
        }
    }

    /// Columns between the passes.
    fn middle(&self) -> usize {
        match &self.passes[0] {
            Pass {
                axis: Axis::Width,
                there,
                ..
            } => there.outputs(),
            _ => self.own.width,
        }
    }
}

fn ends(ways: &[Way]) -> Vec<f32> {
    ways.iter().flat_map(|way| clipped(&way.end)).collect()
}

impl<V: Victim> Victim for Resized<V> {
    fn grid(&self) -> Grid {
        self.own.with_rows(self.inner.grid().rows)
    }

    fn has_gradient(&self) -> bool {
        self.inner.has_gradient()
    }

    fn refuses(&self, loss: Loss) -> Option<String> {
        self.inner.refuses(loss)
    }

    fn predict(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        let seen = self.seen(x, task)?;
        self.inner.predict(rows, &seen, task)
    }

    fn confirm(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        let seen = self.seen(x, task)?;
        self.inner.confirm(rows, &seen, task)
    }

    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        up: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient> {
        let ways = self.there(x, task)?;
        let slope = self
            .inner
            .value_and_gradient(rows, &ends(&ways), up, task)?;
        Ok(ValueAndGradient {
            gradient: self.back_along(&ways, &slope.gradient, task)?,
            ..slope
        })
    }

    fn runner_ups(
        &mut self,
        rows: &[usize],
        x: &[f32],
        k: usize,
        task: &Task,
    ) -> Result<Vec<Vec<u32>>> {
        let seen = self.seen(x, task)?;
        self.inner.runner_ups(rows, &seen, k, task)
    }
}
