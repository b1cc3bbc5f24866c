//! Adding operators to a graph by hand: [`NodeMaker`].

use super::{Graph, Tensor, node};
use crate::onnx::proto::NodeProto;

/// Makes nodes and constants whose names are taken by nothing else in a graph.
pub struct NodeMaker<'a> {
    graph: &'a mut Graph,
    prefix: String,
    next: usize,
}

impl<'a> NodeMaker<'a> {
    /// Names begin with `prefix`, lengthened where the graph uses it already.
    pub fn new(graph: &'a mut Graph, prefix: &str) -> Self {
        let mut prefix = prefix.to_owned();
        let taken = |graph: &Graph, prefix: &str| {
            let made = graph.nodes.iter().flat_map(|n| &n.output);
            let fed = graph.inputs.iter().map(|p| &p.name);
            let all = made.chain(fed).chain(graph.constants.keys());
            all.into_iter().any(|name| name.starts_with(prefix))
        };
        while taken(graph, &prefix) {
            prefix.push('_');
        }
        Self {
            graph,
            prefix,
            next: 0,
        }
    }

    fn name(&mut self) -> String {
        self.next += 1;
        format!("{}/{}", self.prefix, self.next)
    }

    /// Puts a constant into the graph; its name.
    pub fn constant(&mut self, tensor: Tensor) -> String {
        let name = self.name();
        self.graph.constants.insert(name.clone(), tensor);
        name
    }

    /// Appends an operator of the default set to `nodes`, with attributes of integers (one is a single integer, but for
    /// `perm`); the name of its output.
    pub fn node(
        &mut self,
        nodes: &mut Vec<NodeProto>,
        op: &str,
        inputs: &[&str],
        attributes: &[(&str, &[i64])],
    ) -> String {
        let output = self.name();
        let attribute = |(name, values): &(&str, &[i64])| match values {
            [one] if *name != "perm" => node::int(name, *one),
            many => node::ints(name, many),
        };
        nodes.push(NodeProto {
            op_type: op.to_owned(),
            name: output.clone(),
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec![output.clone()],
            attribute: attributes.iter().map(attribute).collect(),
            ..NodeProto::default()
        });
        output
    }
}
