//! The views of the window, in the order of the rail.

use super::core::Tab;
use super::feature::Feature;
use super::host::{Host, Hosted};
use egui::Context;

/// The view that is shown at the start, and that answers queries.
pub const HOME: Tab = super::retrieval::Retrieval::TAB;

/// Every feature.
pub fn all(ctx: &Context) -> Vec<Box<dyn Hosted>> {
    vec![
        Box::new(Host::<super::retrieval::Retrieval>::new(ctx)),
        Box::new(Host::<super::negatives::Negatives>::new(ctx)),
        Box::new(Host::<super::attack::Attack>::new(ctx)),
        Box::new(Host::<super::structure::Structure>::new(ctx)),
        Box::new(Host::<super::map::MapView>::new(ctx)),
        Box::new(Host::<super::learning::Learning>::new(ctx)),
        Box::new(Host::<super::strata::StrataLab>::new(ctx)),
        Box::new(Host::<super::linear::LinearLab>::new(ctx)),
        Box::new(Host::<super::augment::AugmentLab>::new(ctx)),
        Box::new(Host::<super::compare::Compare>::new(ctx)),
        Box::new(Host::<super::run::RunView>::new(ctx)),
        Box::new(Host::<super::models::Models>::new(ctx)),
        Box::new(Host::<super::problems::Problems>::new(ctx)),
        Box::new(Host::<super::log::Log>::new(ctx)),
        Box::new(Host::<super::guide::Guide>::new(ctx)),
    ]
}
