//! Textures of the dataset's pictures. Views ask for what they show; what is missing is written on a list that the
//! running program loads in the background, nearest request first.

use egui::{ColorImage, Context, TextureFilter, TextureHandle, TextureOptions, TextureWrapMode};
use std::collections::HashMap;

/// One picture at one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// The image's row in the dataset; [`Key::QUERY`] for the query's own picture.
    pub image: u32,
    /// Longest side, in pixels.
    pub side: u32,
}

impl Key {
    /// The picture that was dropped or opened as a query.
    pub const QUERY: u32 = u32::MAX;
}

enum Slot {
    Ready { texture: TextureHandle, used: u64 },
    Broken,
}

/// A picture that is seen large.
#[derive(Clone)]
pub struct Large {
    /// Its row in the dataset; [`Key::QUERY`] for the query's own picture.
    pub image: u32,
    /// Its name.
    pub name: String,
    /// What there is of it.
    pub shown: Opened,
}

/// What there is of a picture that is opened.
#[derive(Clone)]
pub enum Opened {
    /// It is being read.
    Loading,
    /// It was read.
    Ready {
        /// Its pixels; fewer than it has where an adapter cannot hold them all.
        texture: TextureHandle,
        /// Its own columns and rows, in pixels.
        size: [u32; 2],
    },
    /// It cannot be read: the cause, with the file, and what to do.
    Failed([String; 2]),
}

/// Sharp pixels when magnified, smooth when not.
pub const SAMPLING: TextureOptions = TextureOptions {
    magnification: TextureFilter::Nearest,
    minification: TextureFilter::Linear,
    wrap_mode: TextureWrapMode::ClampToEdge,
    mipmap_mode: None,
};

/// The textures in use.
#[derive(Default)]
pub struct Pictures {
    /// The picture that is seen large.
    pub large: Option<Large>,
    slots: HashMap<Key, Slot>,
    wanted: Vec<Key>,
    frame: u64,
}

/// What there is to draw for a picture.
pub enum Shown {
    /// A texture; drawn at any size.
    Texture(egui::TextureId, egui::Vec2),
    /// Still loading.
    Loading,
    /// Its file cannot be read.
    Broken,
}

impl Pictures {
    /// Textures kept beyond those on screen.
    const KEPT: usize = 700;
    const SIDES: [u32; 5] = [96, 192, 384, 768, 1536];

    /// Forgets everything: another dataset was opened.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.wanted.clear();
        self.large = None;
    }

    /// Forgets the query's own picture.
    pub fn forget_query(&mut self) {
        self.slots.retain(|key, _| key.image != Key::QUERY);
        self.large.take_if(|large| large.image == Key::QUERY);
    }

    /// The picture of `image`, sharp at `side` physical pixels; a coarser one while the right one loads.
    pub fn get(&mut self, image: u32, side: f32) -> Shown {
        let last = Self::SIDES[Self::SIDES.len() - 1];
        let side = Self::SIDES
            .into_iter()
            .find(|&s| s as f32 >= side)
            .unwrap_or(last);
        let key = Key { image, side };
        match self.slots.get_mut(&key) {
            Some(Slot::Ready { texture, used }) => {
                *used = self.frame;
                return Shown::Texture(texture.id(), texture.size_vec2());
            }
            Some(Slot::Broken) => return Shown::Broken,
            None => self.wanted.push(key),
        }
        for other in Self::SIDES.into_iter().rev().filter(|&s| s != side) {
            if let Some(Slot::Ready { texture, used }) =
                self.slots.get_mut(&Key { image, side: other })
            {
                *used = self.frame;
                return Shown::Texture(texture.id(), texture.size_vec2());
            }
        }
        Shown::Loading
    }

    /// What the views asked for since the last call and do not have.
    pub fn take_wanted(&mut self) -> Vec<Key> {
        self.frame += 1;
        std::mem::take(&mut self.wanted)
    }

    /// A picture that was loaded; `None` where its file cannot be read.
    pub fn insert(&mut self, ctx: &Context, key: Key, image: Option<ColorImage>) {
        let slot = image.map_or(Slot::Broken, |image| Slot::Ready {
            texture: ctx.load_texture(
                format!("{}@{}", key.image, key.side),
                image,
                TextureOptions::LINEAR,
            ),
            used: self.frame,
        });
        self.slots.insert(key, slot);
        if self.slots.len() > Self::KEPT {
            let mut ages: Vec<(u64, Key)> = self
                .slots
                .iter()
                .filter_map(|(key, slot)| match slot {
                    Slot::Ready { used, .. } if *used + 2 < self.frame => Some((*used, *key)),
                    _ => None,
                })
                .collect();
            ages.sort_unstable_by_key(|(used, _)| *used);
            for (_, key) in ages.iter().take(Self::KEPT / 4) {
                self.slots.remove(key);
            }
        }
    }
}
