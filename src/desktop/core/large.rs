//! A picture that is seen large, at its own resolution: a job opens it, closing it gives it up.

use super::event::Event;
use super::events::sentence;
use super::pictures::{Key, Large, Opened, SAMPLING};
use super::piece::{on_screen, picture_of};
use super::query::Query;
use super::running::Core;
use super::slot::Slot;
use crate::error::Error;
use egui::{Context, TextureHandle};
use std::sync::Arc;

/// The longest side of a texture, in pixels, whatever the graphics adapter could hold.
const MOST: usize = 8192;

impl Core {
    /// Opens a picture to be seen large.
    pub(super) fn open_large(&mut self, ctx: &Context, image: u32) {
        let dataset = self.session.dataset().cloned();
        let (name, own) = match self.session.query() {
            Some(Query::Picture { name, picture }) if image == Key::QUERY => {
                (name.clone(), Some(Arc::clone(picture)))
            }
            _ => {
                let images = dataset.as_ref().map_or(&[][..], |d| &d.images);
                let Some(of) = images.get(image as usize) else {
                    return;
                };
                (of.name.clone(), None)
            }
        };
        let ctx = ctx.clone();
        let most = ctx.input(|i| i.max_texture_side).min(MOST) as u32;
        let title = name.clone();
        self.pictures.large = Some(Large {
            image,
            name,
            shown: Opened::Loading,
        });
        self.start(Slot::Large, "Opening the picture", move |task| {
            let picture = match own {
                Some(own) => own,
                None => Arc::new(picture_of(dataset.as_deref(), image)?),
            };
            task.check()?;
            let size = [picture.width, picture.height];
            let shown = if size.iter().any(|&side| side > most) {
                on_screen(&picture.thumbnail(most))
            } else {
                on_screen(&picture)
            };
            task.check()?;
            Ok(Event::Large {
                image,
                texture: ctx.load_texture(title, shown, SAMPLING),
                size,
            })
        });
    }

    /// Closes the picture that is seen large, whether it was read or not.
    pub(super) fn close_large(&mut self) {
        self.jobs.cancel(Slot::Large);
        self.pictures.large = None;
    }

    /// A picture was read, of so many columns and rows.
    pub(super) fn take_large(&mut self, image: u32, texture: TextureHandle, size: [u32; 2]) {
        let large = self.pictures.large.as_mut();
        if let Some(large) = large.filter(|large| large.image == image) {
            large.shown = Opened::Ready { texture, size };
        }
    }

    /// Says in its place why a picture cannot be seen large.
    pub(super) fn large_failed(&mut self, error: &Error) {
        if let Some(large) = &mut self.pictures.large
            && !error.is_cancelled()
        {
            let said = [sentence(&error.to_string()), error.remedy()];
            large.shown = Opened::Failed(said);
        }
    }
}
