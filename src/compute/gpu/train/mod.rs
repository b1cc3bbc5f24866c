//! Training on the GPU: weights, moments and gradient stay on the device, and so do the losses until they are asked for.
//!
//! A step is one submission of prepared jobs ([`jobs`]): both sides forward ([`stack`]), their similarity, its lines and
//! back to the unit rows ([`lines`]), back to the weights, and their update ([`update`]). It takes the device for itself
//! only while it submits, so that others may use it between two steps.

mod jobs;
mod lines;
mod room;
mod stack;
mod update;

use super::Gpu;
use super::commands::Commands;
use super::device::Device;
use crate::compute::Cpu;
use crate::compute::train::{
    Batch, ByRows, KEPT_LOSSES, Learned, Plan, Step, StepLoss, Tower, Train, Trainer,
};
use crate::error::{Error, Result};
use jobs::{Job, record};
use lines::{Lines, step_loss};
use stack::{Layout, Stack, floats, stage};
use std::collections::VecDeque;
use update::State;

/// Steps submitted before the device is waited for, so that cancelling is soon heard and little is queued.
const TOGETHER: usize = 16;
const SOFTWARE_TOGETHER: usize = 2;

impl Train for Gpu {
    fn trainer(&self, plan: Plan, start: Learned) -> Result<Box<dyn Trainer + '_>> {
        plan.check(&start)?;
        let (device, _turn) = self.turn();
        room::check(device, &plan)?;
        let trainer = OnGpu::new(self, device, plan, &start);
        // Memory that the device did not have is heard of here.
        device.wait(None)?;
        Ok(Box::new(trainer))
    }
}

struct OnGpu<'a> {
    gpu: &'a Gpu,
    plan: Plan,
    state: State,
    lines: Lines,
    /// What both sides' rows go in by.
    given: wgpu::Buffer,
    /// From the rows to their similarity.
    forward: Vec<Job>,
    /// From the similarity to the gradient by all weights.
    backward: Vec<Job>,
    /// Line losses of the steps that nobody has asked for yet.
    kept: wgpu::Buffer,
    /// How many of them there are.
    waiting: usize,
    /// Those that it had no room for.
    losses: Vec<StepLoss>,
    /// Steps that may still run.
    queued: VecDeque<wgpu::SubmissionIndex>,
    staged: Vec<f32>,
}

impl<'a> OnGpu<'a> {
    fn new(gpu: &'a Gpu, device: &Device, plan: Plan, start: &Learned) -> Self {
        let state = State::new(device, plan, start);
        let lines = Lines::new(device, plan);
        let (weights, gradient) = (&state.weights, &state.gradient);
        let stack = Stack::new(device, Layout::both(plan.shape, plan.batch));
        let mut forward = stack.forward(device, weights);
        forward.push(lines.compare(device, &stack.units));
        let back = floats(device, "by unit rows", 2 * plan.batch * plan.shape.outputs);
        let mut backward = lines.cost(device, [weights, gradient], [&stack.units, &back]);
        backward.extend(stack.backward(device, weights, &back, gradient));
        Self {
            gpu,
            plan,
            lines,
            given: stack.given,
            forward,
            backward,
            kept: floats(device, "losses", KEPT_LOSSES * 2 * plan.batch),
            waiting: 0,
            losses: Vec::new(),
            queued: VecDeque::new(),
            staged: Vec::new(),
            state,
        }
    }

    /// Uploads a batch; what records its similarity.
    fn forward<'d>(&mut self, device: &'d Device, batch: &Batch) -> Result<Commands<'d>> {
        let whole = self.plan.batch * self.plan.shape.inputs;
        if batch.images.len() != whole || batch.texts.len() != whole {
            return Err(Error::request(
                "a batch does not have the size that was planned",
                "Give as many rows of each side as a batch has pairs.",
            ));
        }
        self.staged.clear();
        for rows in [&batch.images, &batch.texts] {
            stage(&self.plan.shape, rows, &mut self.staged);
        }
        device.write(&self.given, &self.staged);
        let leave_out = self.lines.leave_out(device, &batch.left_out);
        let mut commands = Commands::new(device);
        record(&mut commands, self.forward.iter().chain(&leave_out));
        Ok(commands)
    }

    /// Takes the losses that wait on the device.
    fn drain(&mut self, device: &Device) -> Result<()> {
        let lines = 2 * self.plan.batch;
        let all: Vec<f32> = device.read(&self.kept, self.waiting * lines)?;
        self.queued.clear();
        self.waiting = 0;
        let steps = all.chunks_exact(lines);
        self.losses
            .extend(steps.map(|of| step_loss(of.to_vec(), self.plan.batch)));
        Ok(())
    }
}

impl Trainer for OnGpu<'_> {
    fn step(&mut self, batch: &Batch, step: &Step) -> Result<()> {
        let gpu = self.gpu;
        let (device, _turn) = gpu.turn();
        if self.waiting == KEPT_LOSSES {
            self.drain(device)?;
        }
        let mut commands = self.forward(device, batch)?;
        self.lines.warm(device, step.warmth);
        let update = self.state.step(device, step);
        record(&mut commands, self.backward.iter().chain(update));
        let bytes = (2 * self.plan.batch * size_of::<f32>()) as u64;
        let slot = self.waiting as u64 * bytes;
        commands.copy((&self.lines.costs, 0), (&self.kept, slot), bytes);
        self.waiting += 1;
        self.queued.push_back(commands.submit());
        let most = if device.is_software() {
            SOFTWARE_TOGETHER
        } else {
            TOGETHER
        };
        while self.queued.len() >= most {
            device.wait(self.queued.pop_front())?;
        }
        Ok(())
    }

    fn losses(&mut self) -> Result<Vec<StepLoss>> {
        let gpu = self.gpu;
        let (device, _turn) = gpu.turn();
        self.drain(device)?;
        Ok(std::mem::take(&mut self.losses))
    }

    fn gradient(&mut self, batch: &Batch, step: &Step) -> Result<(StepLoss, Vec<f32>)> {
        let gpu = self.gpu;
        let (device, _turn) = gpu.turn();
        let mut commands = self.forward(device, batch)?;
        self.lines.warm(device, step.warmth);
        record(&mut commands, &self.backward);
        let gradient = commands.read(&self.state.gradient, self.plan.shape.count())?;
        Ok((self.lines.read(device)?, gradient))
    }

    fn by_rows(&mut self, batch: &Batch, step: &Step) -> Result<ByRows> {
        let mut on_cpu = Cpu.trainer(self.plan, self.learned()?)?;
        on_cpu.by_rows(batch, step)
    }

    fn scores(&mut self, batch: &Batch) -> Result<Vec<f32>> {
        let gpu = self.gpu;
        let (device, _turn) = gpu.turn();
        let commands = self.forward(device, batch)?;
        commands.read(&self.lines.scores, self.plan.batch * self.plan.batch)
    }

    fn embed(&mut self, tower: Tower, rows: &[f32]) -> Result<Vec<f32>> {
        let shape = self.plan.shape;
        if !rows.len().is_multiple_of(shape.inputs) {
            return Err(Error::request(
                "the rows of an embedding are not whole",
                "Give rows of the length that the heads take.",
            ));
        }
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let gpu = self.gpu;
        let (device, _turn) = gpu.turn();
        let [image, text] = shape.parts();
        let part = if tower == Tower::Image { image } else { text };
        let at_once = room::rows_at_once(device, &shape, rows.len() / shape.inputs);
        let stack = Stack::new(device, Layout::single(shape, part, at_once));
        let jobs = stack.forward(device, &self.state.weights);
        let mut made = Vec::with_capacity(rows.len() / shape.inputs * shape.outputs);
        for some in rows.chunks(at_once * shape.inputs) {
            self.staged.clear();
            stage(&shape, some, &mut self.staged);
            device.write(&stack.given, &self.staged);
            let mut commands = Commands::new(device);
            record(&mut commands, &jobs);
            let count = some.len() / shape.inputs * shape.outputs;
            made.extend(commands.read::<f32>(&stack.units, count)?);
        }
        if self.plan.loss.description().by_order {
            for value in &mut made {
                *value = value.abs();
            }
        }
        Ok(made)
    }

    fn learned(&mut self) -> Result<Learned> {
        let gpu = self.gpu;
        let (device, _turn) = gpu.turn();
        self.state.read(device)
    }

    fn put(&mut self, learned: &Learned) -> Result<()> {
        self.plan.check(learned)?;
        let gpu = self.gpu;
        let (device, _turn) = gpu.turn();
        self.state.put(device, learned);
        Ok(())
    }
}
