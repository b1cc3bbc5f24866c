//! Captions in JSON: what belongs to which picture is told by the keys.

pub(super) mod by_name;
pub(super) mod coco;
mod entry;
pub(super) mod karpathy;
pub(super) mod metadata_jsonl;
