//! Channels that are put after each other, or parted: whole blocks of them lie in memory as in rows.

use super::super::units::{Layout, Unit};
use super::Moving;
use crate::onnx::Elem;
use crate::onnx::node::{Attributes, is_default};
use crate::onnx::proto::NodeProto;

impl Moving<'_> {
    /// Blocked values put after each other, where at least half of the channels are there as such.
    pub fn joined(&mut self, node: &NodeProto) -> Option<Vec<Unit>> {
        let [to] = node.output.as_slice() else {
            return None;
        };
        if !is_default(&node.domain) || node.op_type != "Concat" || !over_channels(node) {
            return None;
        }
        let layouts: Vec<Layout> = self.whole(&node.input)?;
        let made = self.whole(&node.output)?.pop()?;
        let (mut there, mut missing) = (0, 0);
        for (name, layout) in node.input.iter().zip(&layouts) {
            if self.is_blocked(name) {
                there += layout.shape[1];
            } else if !self.can_be_blocked(name) {
                missing += layout.shape[1];
            }
        }
        if there == 0 || missing > there {
            return None;
        }
        let mut units = Vec::new();
        let mut twins = Vec::with_capacity(layouts.len());
        for (name, layout) in node.input.iter().zip(layouts) {
            twins.push(match self.twin(name) {
                Some(twin) => twin,
                None => self.block(name, layout, &mut units),
            });
        }
        let output = format!("{to}/blocked");
        units.push(Unit::Node(NodeProto {
            name: output.clone(),
            input: twins,
            output: vec![output.clone()],
            ..node.clone()
        }));
        self.known.insert(&output, made, Elem::F32);
        units.extend(self.back(&output, to, Elem::F32));
        Some(units)
    }

    /// The parts of a blocked value.
    pub fn parted(&mut self, node: &NodeProto) -> Option<Vec<Unit>> {
        let from = node.input.first()?;
        if !is_default(&node.domain)
            || node.op_type != "Split"
            || !over_channels(node)
            || !self.is_blocked(from)
        {
            return None;
        }
        self.whole(&node.input[..1])?;
        let layouts = self.whole(&node.output)?;
        let twin = self.twin(from)?;
        let mut moved = node.clone();
        moved.name = format!("{}/blocked", node.name);
        moved.input[0] = twin;
        let mut backs = Vec::with_capacity(layouts.len());
        for (to, layout) in moved.output.iter_mut().zip(layouts) {
            let output = format!("{to}/blocked");
            self.known.insert(&output, layout, Elem::F32);
            backs.extend(self.back(&output, to, Elem::F32));
            *to = output;
        }
        let mut units = vec![Unit::Node(moved)];
        units.extend(backs);
        Some(units)
    }

    /// How these values of float32 lie when blocked; `None` where channels of one do not fill the lanes.
    fn whole(&self, names: &[String]) -> Option<Vec<Layout>> {
        let of = names.iter().map(|name| {
            let rows = self.known.layouts.get(name)?;
            let layout = self.blocked(rows)?;
            let fills = layout.shape == rows.shape && self.known.floats.contains(name);
            fills.then_some(layout)
        });
        of.collect()
    }
}

/// Is the axis of the node that of channels, of four?
fn over_channels(node: &NodeProto) -> bool {
    matches!(node.int("axis"), Some(1 | -3))
}
