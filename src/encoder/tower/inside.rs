//! Tensors inside a model: what it computes on the way to its embedding.

use super::Tower;
use super::feed;
use crate::error::{Error, Result};
use crate::onnx::node::inputs_of;
use crate::onnx::{Effort, Elem, Encoded, Graph, Port, infer_types};
use crate::runtime::{Provider, Stop, session};
use crate::task::{Task, lock};
use ort::session::Session;
use std::collections::HashSet;
use std::sync::Mutex;

/// Names that a refusal offers at most.
const OFFERED: usize = 5;
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
    /// The names of the tensors of floats that depend on the values of the model's main input, in the order in which they
    /// are computed.
    ///
    /// # Errors
    /// As [`Graph::open`]; the file was written again since it was opened.
    pub fn tensors(&self) -> Result<Vec<String>> {
        Ok(Known::of(self)?.names)
    }

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
        let encoded = graph.encode(Encoded::DATA);
        let nodes = graph.nodes.len();
        let inputs = graph.inputs.into_iter().map(|port| port.name).collect();
        let opened = session::open_graph(&encoded, nodes, path, &providers, Effort::Often)?;
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

/// A model with the tensors that can be chosen.
struct Known {
    /// With the element types of all values.
    graph: Graph,
    names: Vec<String>,
}

impl Known {
    fn of(tower: &Tower) -> Result<Self> {
        let mut graph = Graph::open(&tower.model.path)?;
        // What is looked into is what embeds.
        tower.model.source.unchanged()?;
        infer_types(&mut graph);
        let depending = depending(&graph, tower.input_name());
        let chosen = |name: &&String| {
            let elem = graph.infos.get(*name).map(|info| info.elem);
            let floats = matches!(elem, Some(Elem::F32 | Elem::F16 | Elem::F64));
            floats && depending.contains(*name)
        };
        let made = graph.nodes.iter().flat_map(|node| &node.output);
        let names = made.filter(chosen).cloned().collect();
        Ok(Self { graph, names })
    }
}

/// The values that nodes make of the values of `input`, and not of its shape alone.
fn depending(graph: &Graph, input: &str) -> HashSet<String> {
    let mut reached = HashSet::from([input.to_owned()]);
    for node in &graph.nodes {
        let of_shape = matches!(node.op_type.as_str(), "Shape" | "Size");
        if !of_shape && inputs_of(node).iter().any(|name| reached.contains(name)) {
            reached.extend(node.output.iter().filter(|o| !o.is_empty()).cloned());
        }
    }
    reached.remove(input);
    reached
}

/// Why `name` is none of the tensors that can be chosen.
fn why_not(graph: &Graph, name: &str) -> String {
    if graph.inputs.iter().any(|port| port.name == name) {
        return format!("its tensor {name} is what is fed, and nothing that it computes");
    }
    let mut made = graph.nodes.iter().flat_map(|node| &node.output);
    let is_made = !name.is_empty() && made.any(|output| output == name);
    if !is_made && !graph.constants.contains_key(name) {
        return format!("has no tensor called {name:?}");
    }
    match graph.infos.get(name).map(|info| info.elem) {
        Some(elem) if !matches!(elem, Elem::F32 | Elem::F16 | Elem::F64) => {
            format!("its tensor {name} is {elem}, and rows are made of floats")
        }
        _ => format!("its tensor {name} does not depend on the pixels"),
    }
}

/// The names most like `wanted`, or a few from all over the model.
fn offer(names: &[String], wanted: &str) -> String {
    let plain = wanted.to_lowercase();
    let mut near: Vec<(usize, &String)> = names
        .iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let inside = lower.contains(&plain) && !plain.is_empty();
            (if inside { 0 } else { apart(&lower, &plain) }, name)
        })
        .filter(|(far, _)| *far <= wanted.chars().count() / 2)
        .collect();
    near.sort();
    let mut offered: Vec<&str> = near.iter().map(|(_, name)| name.as_str()).collect();
    offered.truncate(OFFERED);
    if offered.is_empty() {
        let step = names.len().div_ceil(OFFERED).max(1);
        offered = names.iter().step_by(step).map(String::as_str).collect();
        offered.extend(names.last().map(String::as_str));
        offered.dedup();
    }
    format!(
        "It has {} that can be chosen, such as {}.",
        names.len(),
        offered.join(", ")
    )
}

/// Letters to exchange, add or leave out between `a` and `b`.
fn apart(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let exchanged = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_first() {
        assert_eq!(apart("conv1", "conv12"), 1);
        assert_eq!(apart("", "abc"), 3);
        let names: Vec<String> = ["/conv1/out", "/conv2/out", "/norm/out", "embeds"]
            .map(String::from)
            .to_vec();
        assert!(offer(&names, "/conv1/ouy").contains("such as /conv1/out"));
        assert!(offer(&names, "norm").contains("such as /norm/out."));
        assert!(offer(&names, "zzz").ends_with("embeds."));
    }
}
