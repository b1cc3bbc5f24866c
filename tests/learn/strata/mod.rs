//! Gradient clustering: against `labs/labB` of the material, whose README has conventions and tolerances, and by what holds
//! for any gradients.

mod command;
mod estimates;
mod lab;
mod laws;
mod reference;
