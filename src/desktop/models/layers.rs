//! A model's graph as it is listed: its size, and its nodes with what each makes.

use crate::desktop::core::{GraphSize, Layer};
use crate::encoder::Tower;
use crate::error::Result;
use crate::onnx::{Graph, GraphEngine, ModelInfo, Tensor, bind, node};
use crate::task::Task;
use std::collections::BTreeMap;
use std::path::Path;

/// The graph of `tower` as its file has it, with the shapes that values have for one input where the engine says them.
///
/// # Errors
/// The file cannot be read again; cancellation.
pub fn listed(
    tower: &Tower,
    feeds: &BTreeMap<String, Tensor>,
    engine: &dyn GraphEngine,
    task: &Task,
) -> Result<(GraphSize, Vec<Layer>)> {
    let model = tower.model();
    let graph = Graph::open(&model.path)?;
    let bound = tower.graph().ok().and_then(|mut bound| {
        let ran = bind(&mut bound, feeds, engine, task);
        ran.is_ok().then_some(bound)
    });
    task.check()?;
    let made = |output: &String| {
        let info = bound.as_ref()?.infos.get(output)?;
        let dims: Vec<String> = info.shape.iter().map(usize::to_string).collect();
        Some(format!("{} [{}]", info.elem, dims.join(", ")))
    };
    let layers = graph.nodes.iter().map(|of| Layer {
        name: match (of.name.as_str(), of.output.first()) {
            ("", Some(output)) => output.clone(),
            (name, _) => name.to_owned(),
        },
        operator: node::full_name(of),
        makes: of.output.first().and_then(made),
    });
    Ok((size(model, &graph), layers.collect()))
}

fn size(model: &ModelInfo, graph: &Graph) -> GraphSize {
    let floats = graph.constants.values().filter(|t| t.elem().is_float());
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let others = model.external.iter().map(|path| bytes(path));
    GraphSize {
        nodes: graph.nodes.len(),
        parameters: floats.map(Tensor::len).sum(),
        constants: graph.constant_bytes() as u64,
        files: bytes(&model.path) + others.sum::<u64>(),
        opset: graph.opset,
        producer: model.producer.clone(),
    }
}
