//! A model cut down to what a request asks of it: one output, and the values that derivatives are taken with respect to.

use super::{Request, lower};
use crate::error::Result;
use crate::onnx::{Elem, Graph, Port, Tensor, infer_types, upgrade, wrong};
use std::collections::BTreeMap;

/// What a request names in a graph.
pub(super) struct Narrowed {
    /// The output that the objective looks at.
    pub(super) output: String,
    /// What derivatives are taken with respect to, in the order of the request.
    pub(super) wrt: Vec<String>,
    /// The initializers among those, which became inputs of the graph for the time being.
    pub(super) weights: BTreeMap<String, Tensor>,
}

/// Brings `graph` to one operator set and cuts it down to the output that `request` asks for.
///
/// # Errors
/// There is no such output or target, a target has no gradient or is named twice.
pub(super) fn narrow(graph: &mut Graph, request: &Request) -> Result<Narrowed> {
    upgrade(graph)?;
    lower::write_out(graph);
    let output = match &request.output {
        Some(name) if graph.outputs.contains(name) => name.clone(),
        Some(name) => return Err(wrong(format!("the model has no output {name}"))),
        None => first_output(graph)?,
    };
    graph.outputs = vec![output.clone()];
    let mut weights = BTreeMap::new();
    for name in request.targets.iter().filter_map(|t| t.initializer()) {
        if let Some(tensor) = graph.constants.get(name).filter(|t| t.elem().is_float()) {
            weights.insert(name.to_owned(), tensor.clone());
        }
    }
    graph.prune();
    infer_types(graph);
    let mut wrt: Vec<String> = Vec::with_capacity(request.targets.len());
    for target in &request.targets {
        let name = target.resolve(graph, &weights)?;
        if wrt.contains(&name) {
            return Err(wrong(format!("\"{name}\" is named twice")));
        }
        wrt.push(name);
    }
    for (name, tensor) in &weights {
        graph.constants.remove(name);
        graph
            .inputs
            .push(Port::fixed(name, tensor.elem(), tensor.shape()));
    }
    Ok(Narrowed {
        output,
        wrt,
        weights,
    })
}

/// The first output that is, as far as the file says, of floats.
fn first_output(graph: &Graph) -> Result<String> {
    let floats = |p: &Port| p.elem.is_float() || p.elem == Elem::Other(0);
    let port = graph.ports_out().into_iter().find(floats);
    port.map(|p| p.name)
        .ok_or_else(|| wrong("the model has no output of floats".into()))
}
