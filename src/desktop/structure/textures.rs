//! The textures of the matrix' tiles: a job makes them, the view draws them.

use crate::desktop::core::SAMPLING;
use crate::retrieval::structure::matrix::TileKey;
use egui::{Color32, ColorImage, Context, TextureHandle};
use std::collections::HashMap;

/// One texture per tile.
#[derive(Default)]
pub struct MatrixTextures {
    tiles: HashMap<TileKey, TextureHandle>,
    /// Colours from the lowest to the highest score, of viridis and of magma.
    pub bars: [Vec<Color32>; 2],
}

impl MatrixTextures {
    /// Shows `image` for a tile from now on.
    pub fn insert(&mut self, ctx: &Context, key: TileKey, image: ColorImage) {
        if let Some(texture) = self.tiles.get_mut(&key) {
            texture.set(image, SAMPLING);
        } else {
            let texture = ctx.load_texture("matrix", image, SAMPLING);
            self.tiles.insert(key, texture);
        }
    }

    /// Forgets a tile.
    pub fn remove(&mut self, key: TileKey) {
        self.tiles.remove(&key);
    }

    /// Forgets every tile.
    pub fn clear(&mut self) {
        self.tiles.clear();
    }

    /// The texture of a tile.
    pub fn get(&self, key: TileKey) -> Option<&TextureHandle> {
        self.tiles.get(&key)
    }

    /// Every tile with its texture.
    pub fn iter(&self) -> impl Iterator<Item = (&TileKey, &TextureHandle)> {
        self.tiles.iter()
    }
}
