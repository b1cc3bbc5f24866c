//! One side of a model as a graph of its own, that what is learned can be put behind.

use super::{Pool, Role, Tower, feed};
use crate::error::{Error, Result};
use crate::onnx::{Dim, Elem, Graph, NodeMaker, Port, Tensor};

/// The oldest operator set whose arithmetic spreads dimensions of 1.
const OLDEST: i64 = 7;

/// One side of a model, without what it computes besides.
#[derive(Debug, Clone)]
pub struct Apart {
    /// From the inputs that the model's file has to the embedding, the only output. A text model that pools outside
    /// itself, and takes no mask, takes one here.
    pub graph: Graph,
    /// The name of the embedding: float32 `[rows, dim]`, pooled, as [`Tower::embed_images`] and [`Tower::embed_texts`]
    /// give it.
    pub embedding: String,
    /// Its rows: open where the model's are.
    pub rows: Dim,
}

impl Tower {
    /// This side of the model, as it is in its file, up to the embedding.
    ///
    /// # Errors
    /// As [`Graph::open`]; the file was written again since it was opened; an operator set that is too old; an embedding
    /// that does not depend on pictures or captions.
    pub fn apart(&self) -> Result<Apart> {
        let path = &self.model.path;
        let mut graph = Graph::open(path)?;
        // What is written is what was trained on.
        self.model.source.unchanged()?;
        let refuse = |what: String| {
            let remedy = "Export the model again, with operator set 17 or newer.";
            Error::model(path, what, remedy)
        };
        if graph.opset < OLDEST {
            return Err(refuse(format!(
                "its operator set is version {}, older than {OLDEST}",
                graph.opset
            )));
        }
        graph.outputs = vec![self.output.clone()];
        graph.prune();
        graph.drop_unread_inputs();
        if !graph.inputs.iter().any(|p| p.name == self.input_name()) {
            return Err(refuse(format!(
                "its output {} does not depend on its input {}",
                self.output,
                self.input_name()
            )));
        }
        let port = self.model.outputs.iter().find(|p| p.name == self.output);
        let rows = self.rows(port);
        let elem = port.map_or(Elem::F32, |p| p.elem);
        let value = if elem == Elem::F32 {
            self.output.clone()
        } else {
            one(&mut graph, "Cast", &[&self.output], &[("to", &[1])])
        };
        let flat = port.is_some_and(|p| p.has_shape && p.dims.len() == 2);
        let embedding = match self.pool {
            Some(pool) => self.pooled(pool, &mut graph, &value).map_err(refuse)?,
            None if flat => value,
            None => {
                let first = i64::from(rows == Dim::Fixed(1));
                let mut make = NodeMaker::new(&mut graph, "nearmiss_rows");
                let shape = make.constant(Tensor::ints(&[2], &[first, -1]));
                one(&mut graph, "Reshape", &[&value, &shape], &[])
            }
        };
        graph.outputs = vec![embedding.clone()];
        graph.declared.clear();
        Ok(Apart {
            graph,
            embedding,
            rows,
        })
    }

    /// The rows of the output `port`.
    fn rows(&self, port: Option<&Port>) -> Dim {
        let main = &self.model.inputs[self.main];
        let single = self.layout.single || feed::takes_one_text(main);
        match port.filter(|p| p.has_shape) {
            _ if single => Dim::Fixed(1),
            // Without a batch.
            Some(port) if port.dims.len() == 1 => Dim::Fixed(1),
            Some(port) => port.dims.first().cloned().unwrap_or(Dim::Unknown),
            None => main.dims.first().cloned().unwrap_or(Dim::Unknown),
        }
    }

    /// Adds the pooling of `value` as a run of the tower does it.
    fn pooled(&self, pool: Pool, graph: &mut Graph, value: &str) -> Result<String, String> {
        if self.roles[self.main] != Role::Ids {
            let name = unused(graph, "nearmiss_pooled");
            pool.add(graph, value, &name, None);
            return Ok(name);
        }
        let (mask, dims) = self.mask(graph);
        let ids = &self.model.inputs[self.main];
        let shape = match dims {
            1 if feed::takes_one_text(ids) => [1, 1, -1],
            1 => [-1, 1, 1],
            _ => [0, 1, -1],
        };
        pool.add_masked(graph, value, &mask, shape)
    }

    /// The input of `graph` that tells tokens from padding, and its number of dimensions; made where there is none.
    fn mask(&self, graph: &mut Graph) -> (String, usize) {
        let ports = self.model.inputs.iter().zip(&self.roles);
        let mut masks = ports.filter(|(_, role)| **role == Role::Mask);
        let left = |port: &Port| graph.inputs.iter().any(|p| p.name == port.name);
        if let Some((port, _)) = masks.find(|(port, _)| left(port)) {
            return (port.name.clone(), port.dims.len());
        }
        let ids = &self.model.inputs[self.main];
        // The word "mask" in its name says what it is fed with.
        let port = Port {
            name: unused(graph, "attention_mask"),
            elem: Elem::I64,
            dims: if ids.has_shape {
                ids.dims.clone()
            } else {
                vec![Dim::Unknown, Dim::Unknown]
            },
            has_shape: true,
        };
        let found = (port.name.clone(), port.dims.len());
        graph.inputs.push(port);
        found
    }
}

/// Adds one operator; the name of what it makes.
fn one(graph: &mut Graph, op: &str, inputs: &[&str], attributes: &[(&str, &[i64])]) -> String {
    let mut nodes = Vec::new();
    let mut make = NodeMaker::new(graph, "nearmiss_rows");
    let made = make.node(&mut nodes, op, inputs, attributes);
    graph.nodes.append(&mut nodes);
    made
}

/// `name`, lengthened until nothing of `graph` is called so.
fn unused(graph: &Graph, name: &str) -> String {
    let mut name = name.to_owned();
    let taken = |name: &String| {
        graph.inputs.iter().any(|p| p.name == *name)
            || graph.constants.contains_key(name)
            || graph.nodes.iter().any(|n| n.output.contains(name))
    };
    while taken(&name) {
        name.push('_');
    }
    name
}
