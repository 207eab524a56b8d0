//! What AWS asks, in US dollars: list prices of us-east-1 as of 30 November 2026, free
//! tiers aside (aws.amazon.com: dynamodb/pricing/on-demand, lambda/pricing, sqs/pricing,
//! eventbridge/pricing, ses/pricing, cloudwatch/pricing, secrets-manager/pricing).

const MILLION: f64 = 1e6;

pub const WRITE_UNIT: f64 = 0.625 / MILLION;
pub const READ_UNIT: f64 = 0.125 / MILLION;
pub const GB_STORED_A_MONTH: f64 = 0.25;

/// On arm64.
pub const GB_SECOND: f64 = 0.000_013_333_4;
pub const LAMBDA_REQUEST: f64 = 0.20 / MILLION;

pub const SQS_REQUEST: f64 = 0.40 / MILLION;
pub const CUSTOM_EVENT: f64 = 1.00 / MILLION;
pub const SCHEDULED_RUN: f64 = 1.00 / MILLION;

/// For an account of long standing, and for one that begins now.
pub const MAIL: [f64; 2] = [0.10 / 1e3, 0.16 / 1e3];

pub const ALARM_A_MONTH: f64 = 0.10;
pub const METRIC_A_MONTH: f64 = 0.30;
pub const DASHBOARD_A_MONTH: f64 = 3.00;
pub const SECRET_A_MONTH: f64 = 0.40;

/// What Customer.io asks for what is over a plan (docs.customer.io, how we bill,
/// Essentials, read on 30 November 2026): a mail, and a profile a month.
pub const CUSTOMER_IO_MAIL: f64 = 0.12 / 1e3;
pub const CUSTOMER_IO_PROFILE: f64 = 0.009;
