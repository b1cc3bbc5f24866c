//! A tensor inside a model, computed for pictures.

use super::Tower;
use super::feed;
use super::tensors::{Known, offer, why_not};
use crate::error::{Error, Result};
use crate::onnx::{Effort, Elem, Encoded, Port};
use crate::runtime::{Provider, Stop, session};
use crate::task::{Task, lock};
use ort::session::Session;
use std::sync::Mutex;

/// How far rows that run together may be from those that run alone, as a part of the largest value: sums in another order.
const ALIKE: f32 = 1e-4;

/// A tensor inside an image model, ready to be computed.
pub struct Inside<'a> {
    tower: &'a Tower,
    name: String,
    session: Mutex<Session>,
    /// The inputs that it needs.
    inputs: Vec<String>,
    /// Its shape for one picture, once that is known.
    shape: Option<Vec<usize>>,
    /// May pictures run together? `None` until that was tried.
    together: Option<bool>,
}

impl Tower {
    /// Makes the tensor `name` of an image model ready to be computed.
    ///
    /// # Errors
    /// As [`Tower::tensors`]; there is no such tensor, it holds no floats, it does not depend on the pictures; the engine
    /// refuses it.
    pub fn inside(&self, name: &str) -> Result<Inside<'_>> {
        let Known { mut graph, names } = Known::of(self)?;
        let path = &self.model.path;
        if !names.iter().any(|known| known == name) {
            return Err(Error::model(
                path,
                why_not(&graph, name),
                offer(&names, name),
            ));
        }
        let elem = graph.infos.get(name).map_or(Elem::F32, |info| info.elem);
        graph.infos.clear();
        graph.outputs = vec![name.to_owned()];
        graph.prune();
        graph.drop_unread_inputs();
        let port = Port {
            name: name.to_owned(),
            elem,
            dims: Vec::new(),
            has_shape: false,
        };
        graph.declared = [(name.to_owned(), port)].into();
        let providers = [self.provider.parse().unwrap_or(Provider::Cpu)];
        path.clone_into(&mut graph.path);
        let encoded = graph.encode(Encoded::DATA);
        let opened = session::open_graph(&graph, &encoded, &providers, Effort::Often, None)?;
        let inputs = graph.inputs.into_iter().map(|port| port.name).collect();
        Ok(Inside {
            tower: self,
            name: name.to_owned(),
            session: Mutex::new(opened.session),
            inputs,
            shape: None,
            together: None,
        })
    }
}

impl Inside<'_> {
    /// Its shape for one picture, the batch of 1 included where the model has one; `None` before the first of
    /// [`Inside::values`].
    pub fn shape(&self) -> Option<&[usize]> {
        self.shape.as_deref()
    }

    /// The tensor of each of `n` pictures, row after row; `pixels` is `[n, channels, height, width]`. Pictures run together
    /// where that was seen to change nothing.
    ///
    /// # Errors
    /// The length does not fit; the model fails, or gives tensors that are not one for each picture, or of different
    /// sizes; cancellation.
    pub fn values(&mut self, pixels: &[f32], n: usize, task: &Task) -> Result<Vec<f32>> {
        let size = self.tower.picture_len();
        if pixels.len() != n * size {
            return Err(Error::request(
                format!("{} values are not {n} pictures of {size}", pixels.len()),
                "Check the preprocessing.",
            ));
        }
        let made = self.computed(pixels, n, task);
        // A run that was stopped fails in other words.
        task.check()?;
        made
    }

    fn computed(&mut self, pixels: &[f32], n: usize, task: &Task) -> Result<Vec<f32>> {
        let size = self.tower.picture_len();
        let stop = Stop::watch(task);
        let fixed = self.tower.fixed_batch();
        if fixed.is_none() && self.together.is_none() && n > 1 {
            self.together = Some(self.may_run_together(&pixels[..2 * size], &stop)?);
        }
        let chunk = match fixed {
            Some(rows) => rows.max(1),
            None if self.together == Some(true) => n.max(1),
            None => 1,
        };
        let mut all = Vec::new();
        for start in (0..n).step_by(chunk) {
            task.check()?;
            let rows = chunk.min(n - start);
            let part = &pixels[start * size..(start + rows) * size];
            let part = feed::filled_up(part, size, chunk);
            let (mut values, shape) = self.run(&part, chunk, &stop)?;
            values.truncate(self.of_one(shape, chunk)? * rows);
            all.append(&mut values);
        }
        Ok(all)
    }

    /// Are the first two pictures together what they are alone?
    fn may_run_together(&self, pixels: &[f32], stop: &Stop) -> Result<bool> {
        let (first, second) = pixels.split_at(pixels.len() / 2);
        let (mut alone, shape) = self.run(first, 1, stop)?;
        alone.extend(self.run(second, 1, stop)?.0);
        let Ok((both, wide)) = self.run(pixels, 2, stop) else {
            return Ok(false);
        };
        let largest = alone.iter().fold(0.0, |most: f32, v| most.max(v.abs()));
        let mut pairs = alone.iter().zip(&both);
        let alike = pairs.all(|(a, b)| (a - b).abs() <= ALIKE * largest);
        let rows = shape.first() == Some(&1) && wide.first() == Some(&2);
        Ok(rows && wide[1..] == shape[1..] && both.len() == alone.len() && alike)
    }

    /// Values of one picture in a tensor of `shape` for `rows` pictures, which must be as many for all.
    fn of_one(&mut self, mut shape: Vec<usize>, rows: usize) -> Result<usize> {
        let refuse = |what: String| {
            let remedy = "Choose another tensor: one row for each picture is needed.";
            Err(Error::model(&self.tower.model.path, what, remedy))
        };
        if rows > 1 {
            if shape.first() != Some(&rows) {
                return refuse(format!(
                    "its tensor {} has shape {shape:?} for {rows} pictures",
                    self.name
                ));
            }
            shape[0] = 1;
        }
        if let Some(known) = self.shape.as_ref().filter(|known| **known != shape) {
            return refuse(format!(
                "its tensor {} has shape {known:?} for one picture and {shape:?} for another",
                self.name
            ));
        }
        let size = shape.iter().product();
        if size == 0 {
            return refuse(format!("its tensor {} holds no values", self.name));
        }
        self.shape = Some(shape);
        Ok(size)
    }

    fn run(&self, pixels: &[f32], rows: usize, stop: &Stop) -> Result<(Vec<f32>, Vec<usize>)> {
        let tower = self.tower;
        let mut feeds = tower.feeds_of(pixels, rows);
        feeds.retain(|feed| self.inputs.iter().any(|name| name == feed.name));
        let made = session::run(&mut lock(&self.session), &feeds, &self.name, stop);
        made.map_err(|why| {
            Error::runtime(
                format!(
                    "{}: the model failed at its tensor {}: {}",
                    tower.model.path.display(),
                    self.name,
                    session::first_line(&why)
                ),
                "If memory ran out, choose a smaller batch; else choose another tensor.",
            )
        })
    }
}
