//! Pictures of a run: a job reads them, the view draws them.

use egui::{ColorImage, Context, TextureHandle, TextureOptions};
use std::collections::{HashMap, VecDeque};

/// Pictures that are kept.
const KEPT: usize = 400;

/// Pictures by the numbers of their images.
#[derive(Default)]
pub struct Textures {
    all: HashMap<u32, Result<TextureHandle, String>>,
    order: VecDeque<u32>,
}

impl Textures {
    /// The picture of an image or why there is none; `None` while that is not known.
    pub fn get(&self, image: u32) -> Option<Result<&TextureHandle, &str>> {
        let known = self.all.get(&image)?;
        Some(known.as_ref().map_err(String::as_str))
    }

    /// Takes in the picture of an image, or why there is none.
    pub fn insert(&mut self, ctx: &Context, image: u32, read: Result<ColorImage, String>) {
        let load = |picture| ctx.load_texture("run picture", picture, TextureOptions::LINEAR);
        if self.all.insert(image, read.map(load)).is_none() {
            self.order.push_back(image);
        }
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }
}
