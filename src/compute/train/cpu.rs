//! Training on the CPU: products by `gemm`, both sides at once.

use super::losses::{Cost, Line};
use super::order::{order_backward, order_scores};
use super::unit::{unit, unit_backward};
use super::{
    Batch, ByRows, HIGHEST, HeadShape, LEFT_OUT, Learned, Part, Plan, Step, StepLoss, Tower, Train,
    Trainer,
};
use crate::compute::{Cpu, Factor, multiply};
use crate::error::{Error, Result};

impl Train for Cpu {
    fn trainer(&self, plan: Plan, start: Learned) -> Result<Box<dyn Trainer + '_>> {
        plan.check(&start)?;
        Ok(Box::new(OnCpu::new(plan, start)))
    }
}

struct OnCpu {
    plan: Plan,
    learned: Learned,
    sides: [Side; 2],
    lines: [Lines; 2],
    gradient: Vec<f32>,
    losses: Vec<StepLoss>,
}

/// What is kept of one side of a batch.
#[derive(Default)]
struct Side {
    /// Rows with the bias's 1, where there is one; else not used.
    rows: Vec<f32>,
    /// The hidden layer before and after its activation.
    hidden: [Vec<f32>; 2],
    /// Unit rows.
    unit: Vec<f32>,
    norms: Vec<f32>,
    /// Gradient by the unit rows, then by those before.
    back: Vec<f32>,
    /// Gradient by the hidden layer.
    back_hidden: Vec<f32>,
    /// Gradient by the weights of its head.
    weights: [Vec<f32>; 2],
}

/// The similarity as one direction reads it, row by row.
#[derive(Default)]
struct Lines {
    scores: Vec<f32>,
    /// The gradient by it.
    gradient: Vec<f32>,
    costs: Vec<Cost>,
}

impl OnCpu {
    fn new(plan: Plan, learned: Learned) -> Self {
        let square = plan.batch * plan.batch;
        let lines = || Lines {
            scores: vec![0.0; square],
            gradient: vec![0.0; square],
            costs: vec![Cost::default(); plan.batch],
        };
        Self {
            plan,
            gradient: vec![0.0; learned.weights.len()],
            learned,
            sides: [Side::default(), Side::default()],
            lines: [lines(), lines()],
            losses: Vec::new(),
        }
    }

    /// Unit rows of both sides and their similarity.
    fn forward(&mut self, batch: &Batch) -> Result<()> {
        let (plan, weights) = (&self.plan, &self.learned.weights);
        let whole = plan.batch * plan.shape.inputs;
        if batch.images.len() != whole || batch.texts.len() != whole {
            return Err(Error::request(
                "a batch does not have the size that was planned",
                "Give as many rows of each side as a batch has pairs.",
            ));
        }
        let [images, texts] = &mut self.sides;
        let [image, text] = plan.shape.parts();
        rayon::join(
            || images.forward(plan, image, weights, &batch.images),
            || texts.forward(plan, text, weights, &batch.texts),
        );
        let dim = plan.shape.outputs;
        let scores = &mut self.lines[0].scores;
        if plan.loss.description().by_order {
            order_scores(&images.unit, &texts.unit, dim, scores);
        } else {
            let texts = Factor::new(&texts.unit, dim).transposed();
            multiply(Factor::new(&images.unit, dim), texts, scores, false);
        }
        for &pair in &batch.left_out {
            if let Some(score) = scores.get_mut(pair as usize) {
                *score = LEFT_OUT;
            }
        }
        Ok(())
    }

    /// What each line costs, and the gradient by the similarity.
    fn cost(&mut self, warmth: f32) -> StepLoss {
        let (plan, size) = (&self.plan, self.plan.batch);
        let scalars = &self.learned.weights[plan.shape.weights()..];
        let (scale, offset) = (scalars[0].exp(), scalars[1]);
        let line = plan.loss.description().line;
        let read = |lines: &mut Lines| {
            let all = lines
                .scores
                .chunks_exact(size)
                .zip(lines.gradient.chunks_exact_mut(size));
            for ((own, (scores, gradient)), cost) in all.enumerate().zip(&mut lines.costs) {
                let of = Line {
                    scores,
                    own,
                    margin: plan.margin,
                    warmth,
                    scale,
                    offset,
                };
                *cost = line(&of, gradient);
            }
        };
        let [rows, columns] = &mut self.lines;
        let (of_rows, of_columns) = (&rows.scores, &mut columns.scores);
        transpose(of_rows, size, |to, value| of_columns[to] = value);
        rayon::join(|| read(rows), || read(columns));
        let (whole, part) = (&mut rows.gradient, &columns.gradient);
        transpose(part, size, |to, value| whole[to] += value);
        let share = 1.0 / size as f32;
        let costs = || rows.costs.iter().chain(&columns.costs);
        let total = |of: fn(&Cost) -> f32| {
            (costs().map(|cost| f64::from(of(cost))).sum::<f64>() / size as f64) as f32
        };
        let end = plan.shape.weights();
        self.gradient[end..].fill(0.0);
        if plan.scalars {
            self.gradient[end] = total(|cost| cost.scale);
            self.gradient[end + 1] = total(|cost| cost.offset);
        }
        for g in whole.iter_mut() {
            *g *= share;
        }
        StepLoss {
            mean: total(|cost| cost.loss),
            lines: costs().map(|cost| cost.loss).collect(),
        }
    }

    /// The gradient by the weights.
    fn backward(&mut self, batch: &Batch) {
        let (plan, weights) = (&self.plan, &self.learned.weights);
        let (dim, size) = (plan.shape.outputs, plan.batch);
        let [images, texts] = &mut self.sides;
        let scores = &self.lines[0].gradient;
        images.back.resize(images.unit.len(), 0.0);
        texts.back.resize(texts.unit.len(), 0.0);
        let by_order = plan.loss.description().by_order;
        if by_order {
            let units = [images.unit.as_slice(), &texts.unit];
            let backs = [images.back.as_mut_slice(), &mut texts.back];
            order_backward(scores, units, dim, backs);
        }
        let [image, text] = plan.shape.parts();
        if !by_order {
            let scores = Factor::new(scores, size);
            let units = [&images.unit, &texts.unit].map(|unit| Factor::new(unit, dim));
            rayon::join(
                || multiply(scores, units[1], &mut images.back, false),
                || multiply(scores.transposed(), units[0], &mut texts.back, false),
            );
        }
        rayon::join(
            || images.backward(plan, image, weights, &batch.images),
            || texts.backward(plan, text, weights, &batch.texts),
        );
        let sides = [(&*images, image, false), (&*texts, text, plan.shape.shared)];
        for (side, part, add) in sides {
            let blocks = [Some(part.first), part.second];
            for (block, made) in blocks.into_iter().zip(&side.weights) {
                let Some(block) = block else { continue };
                let goal = block.of_mut(&mut self.gradient);
                if add {
                    goal.iter_mut().zip(made).for_each(|(g, m)| *g += m);
                } else {
                    goal.copy_from_slice(made);
                }
            }
        }
    }

    fn update(&mut self, step: &Step) {
        let learned = &mut self.learned;
        learned.steps += 1;
        let factors = step.factors(learned.steps);
        let clip = if step.clip.is_finite() {
            let squares = self.gradient.iter().map(|&g| f64::from(g) * f64::from(g));
            step.clipped(squares.sum::<f64>().sqrt())
        } else {
            1.0
        };
        let end = self.plan.shape.weights();
        let (weights, scalars) = learned.weights.split_at_mut(end);
        let (first, first_end) = learned.first.split_at_mut(end);
        let (second, second_end) = learned.second.split_at_mut(end);
        let (most, most_end) = learned.most.split_at_mut(end);
        let (gradient, gradient_end) = self.gradient.split_at(end);
        factors.apply([weights, first, second, most], gradient, clip);
        if self.plan.scalars {
            let free = factors.without_decay();
            free.apply(
                [scalars, first_end, second_end, most_end],
                gradient_end,
                clip,
            );
            scalars[0] = scalars[0].min(HIGHEST.ln());
        }
    }
}

impl Trainer for OnCpu {
    fn step(&mut self, batch: &Batch, step: &Step) -> Result<()> {
        self.forward(batch)?;
        let loss = self.cost(step.warmth);
        self.backward(batch);
        self.update(step);
        self.losses.push(loss);
        Ok(())
    }

    fn losses(&mut self) -> Result<Vec<StepLoss>> {
        Ok(std::mem::take(&mut self.losses))
    }

    fn gradient(&mut self, batch: &Batch, step: &Step) -> Result<(StepLoss, Vec<f32>)> {
        self.forward(batch)?;
        let loss = self.cost(step.warmth);
        self.backward(batch);
        Ok((loss, self.gradient.clone()))
    }

    fn by_rows(&mut self, batch: &Batch, step: &Step) -> Result<ByRows> {
        let (loss, _) = self.gradient(batch, step)?;
        let (shape, weights) = (&self.plan.shape, &self.learned.weights);
        let [image, text] = shape.parts();
        let [images, texts] = &self.sides;
        Ok(ByRows {
            loss,
            scores: self.lines[0].scores.clone(),
            slopes: [
                images.by_rows(shape, image, weights),
                texts.by_rows(shape, text, weights),
            ],
        })
    }

    fn scores(&mut self, batch: &Batch) -> Result<Vec<f32>> {
        self.forward(batch)?;
        Ok(self.lines[0].scores.clone())
    }

    fn embed(&mut self, tower: Tower, rows: &[f32]) -> Result<Vec<f32>> {
        let shape = &self.plan.shape;
        if !rows.len().is_multiple_of(shape.inputs) {
            return Err(Error::request(
                "the rows of an embedding are not whole",
                "Give rows of the length that the heads take.",
            ));
        }
        let [image, text] = shape.parts();
        let part = if tower == Tower::Image { image } else { text };
        let mut side = Side::default();
        side.forward(&self.plan, part, &self.learned.weights, rows);
        if self.plan.loss.description().by_order {
            side.unit.iter_mut().for_each(|v| *v = v.abs());
        }
        Ok(side.unit)
    }

    fn learned(&mut self) -> Result<Learned> {
        Ok(self.learned.clone())
    }

    fn put(&mut self, learned: &Learned) -> Result<()> {
        self.plan.check(learned)?;
        self.learned.clone_from(learned);
        Ok(())
    }
}

impl Side {
    /// Unit rows of `rows` by the head at `part`.
    fn forward(&mut self, plan: &Plan, part: Part, weights: &[f32], rows: &[f32]) {
        let shape = &plan.shape;
        let count = rows.len() / shape.inputs;
        if shape.bias {
            self.rows.clear();
            for row in rows.chunks_exact(shape.inputs) {
                self.rows.extend_from_slice(row);
                self.rows.push(1.0);
            }
        }
        let given = if shape.bias { &self.rows } else { rows };
        let given = Factor::new(given, shape.columns());
        let first = Factor::new(part.first.of(weights), part.first.columns).transposed();
        self.unit.resize(count * shape.outputs, 0.0);
        if shape.residual {
            self.unit.copy_from_slice(rows);
        }
        if let (Some(second), Some(hidden)) = (part.second, shape.hidden) {
            let [before, after] = &mut self.hidden;
            before.resize(count * hidden.width, 0.0);
            multiply(given, first, before, false);
            after.clear();
            after.extend(before.iter().map(|&x| hidden.activation.of(x)));
            let layer = Factor::new(second.of(weights), second.columns).transposed();
            multiply(
                Factor::new(after, hidden.width),
                layer,
                &mut self.unit,
                shape.residual,
            );
        } else {
            multiply(given, first, &mut self.unit, shape.residual);
        }
        self.norms = unit(&mut self.unit, shape.outputs);
    }

    /// The gradient by the weights at `part`; `back` holds that by the unit rows.
    fn backward(&mut self, plan: &Plan, part: Part, weights: &[f32], rows: &[f32]) {
        let shape = &plan.shape;
        unit_backward(&mut self.back, &self.unit, &self.norms, shape.outputs);
        let given = if shape.bias { &self.rows } else { rows };
        let given = Factor::new(given, shape.columns());
        let back = Factor::new(&self.back, shape.outputs);
        let [made, made_second] = &mut self.weights;
        made.resize(part.first.count(), 0.0);
        let (Some(second), Some(hidden)) = (part.second, shape.hidden) else {
            multiply(back.transposed(), given, made, false);
            return;
        };
        let [before, after] = &self.hidden;
        made_second.resize(second.count(), 0.0);
        multiply(
            back.transposed(),
            Factor::new(after, hidden.width),
            made_second,
            false,
        );
        self.back_hidden.resize(before.len(), 0.0);
        let layer = Factor::new(second.of(weights), second.columns);
        multiply(back, layer, &mut self.back_hidden, false);
        for (g, &x) in self.back_hidden.iter_mut().zip(before) {
            *g *= hidden.activation.slope(x);
        }
        let back = Factor::new(&self.back_hidden, hidden.width);
        multiply(back.transposed(), given, made, false);
    }

    /// The gradient by the rows that went in, after [`Side::backward`].
    fn by_rows(&self, shape: &HeadShape, part: Part, weights: &[f32]) -> Vec<f32> {
        let (back, width) = match shape.hidden {
            Some(hidden) => (&self.back_hidden, hidden.width),
            None => (&self.back, shape.outputs),
        };
        let columns = shape.columns();
        let mut made = vec![0.0; back.len() / width * columns];
        let first = Factor::new(part.first.of(weights), columns);
        multiply(Factor::new(back, width), first, &mut made, false);
        if shape.bias {
            // The bias's 1 is no value of a row.
            let rows = made.chunks_exact(columns);
            made = rows.flat_map(|row| &row[..shape.inputs]).copied().collect();
        }
        if shape.residual {
            made.iter_mut().zip(&self.back).for_each(|(g, b)| *g += b);
        }
        made
    }
}

/// Gives `put` each value of a square matrix with its place in the transpose, block by block.
fn transpose(values: &[f32], size: usize, mut put: impl FnMut(usize, f32)) {
    const BLOCK: usize = 16;
    for top in (0..size).step_by(BLOCK) {
        for left in (0..size).step_by(BLOCK) {
            for i in top..(top + BLOCK).min(size) {
                for j in left..(left + BLOCK).min(size) {
                    put(j * size + i, values[i * size + j]);
                }
            }
        }
    }
}
