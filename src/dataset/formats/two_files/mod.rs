//! Datasets of which one file lists the pictures and another the captions.

pub(super) mod chinese_clip;
pub(super) mod xtd;
