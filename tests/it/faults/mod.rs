//! Every flow, under every fault, at every request that it makes.

mod embedded;
mod model;
