//! The table of token embeddings as a graph of its own.

use super::{Target, lower};
use crate::error::Result;
use crate::onnx::{Graph, infer_types, upgrade};
use std::collections::BTreeMap;

/// The part of `graph` that looks token ids up: its one output is what [`Target::Tokens`] takes the gradient with
/// respect to, so that any row of the table can be had by feeding its id, however the table is stored (float16,
/// quantised, or the identity of a bag of words).
///
/// # Errors
/// No table of embeddings is read at the model's integer inputs.
pub fn lookup(graph: &Graph) -> Result<Graph> {
    let cut = |mut graph: Graph| -> Result<Graph> {
        upgrade(&mut graph)?;
        lower::write_out(&mut graph);
        infer_types(&mut graph);
        let output = Target::Tokens.resolve(&graph, &BTreeMap::new())?;
        graph.outputs = vec![output];
        graph.prune();
        graph.drop_unread_inputs();
        Ok(graph)
    };
    cut(graph.clone()).map_err(|error| error.of_model(&graph.path))
}
