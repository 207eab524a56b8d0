//! The console, asked as a browser asks it: through its own router, on real parts.

pub mod browser;
mod calls;
mod customers;
mod frame;
mod reports;
mod sending;
mod sign_in;
