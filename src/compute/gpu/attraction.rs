//! Layouts by attraction on the GPU: `shaders/attract.wgsl`, a pass for each epoch; places stay on the device.

use super::Gpu;
use super::commands::Commands;
use super::kernels::Kernel;
use crate::compute::{Attract, Attraction};
use crate::error::{Error, Result};
use crate::task::Task;
use bytemuck::{Pod, Zeroable};

/// Passes submitted before the device is waited for, so that cancelling is soon heard.
const TOGETHER: usize = 8;

/// Parameters; `shaders/attract.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct AttractParams {
    points: u32,
    seed: u32,
    a: f32,
    b: f32,
    rate: f32,
    repulsion: f32,
    negatives: f32,
    unused: u32,
}

impl Attract for Gpu {
    fn attract(
        &self,
        problem: &Attraction<'_>,
        start: Vec<[f32; 2]>,
        watch: &mut dyn FnMut(&[[f32; 2]]),
        task: &Task,
    ) -> Result<Vec<[f32; 2]>> {
        problem.check(start.len())?;
        if start.is_empty() || problem.epochs == 0 {
            return Ok(start);
        }
        let (device, _turn) = self.turn();
        let largest = device.largest_buffer();
        if size_of_val(problem.edges.targets) as u64 > largest {
            return Err(Error::compute(
                format!(
                    "{} edges do not fit the GPU's largest buffer",
                    problem.edges.targets.len()
                ),
                "Ask for fewer neighbours, or use the CPU engine (--compute cpu).",
            ));
        }
        let starts: Vec<u32> = problem.edges.starts.iter().map(|&s| s as u32).collect();
        let starts = device.upload("starts", &starts);
        let targets = device.upload("targets", problem.edges.targets);
        let shares = device.upload("shares", problem.edges.shares);
        let places = [
            device.upload("places", &start),
            device.upload("next places", &start),
        ];
        let together = if device.is_software() { 1 } else { TOGETHER };
        let groups = device.spread(Kernel::Attract, start.len());
        for epoch in 0..problem.epochs {
            let pass = problem.pass(epoch);
            let params = AttractParams {
                points: start.len() as u32,
                seed: pass.seed,
                a: problem.curve.a,
                b: problem.curve.b,
                rate: pass.rate,
                repulsion: pass.repulsion,
                negatives: problem.negatives,
                unused: 0,
            };
            let (old, new) = (&places[epoch % 2], &places[(epoch + 1) % 2]);
            let mut commands = Commands::new(device);
            let buffers = [&starts, &targets, &shares, old, new];
            commands.run(Kernel::Attract, &params, &buffers, groups);
            let submitted = commands.submit();
            task.add(1);
            if epoch % together == together - 1 {
                device.wait(Some(submitted))?;
                task.check()?;
            }
            if problem.is_seen(epoch) {
                watch(&device.read::<[f32; 2]>(new, start.len())?);
            }
        }
        device.read(&places[problem.epochs % 2], start.len())
    }
}
