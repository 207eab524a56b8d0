//! Queries, page by page to their end.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::id::Id;

use super::{Item, Store, StoreError, keys};

/// Which items of a partition are read, by their sort keys.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sk<'a> {
    Any,
    Begins(&'a str),
    /// This one or behind it.
    From(&'a str),
}

impl Store {
    /// Every item of a partition with such a sort key, in their order,
    /// consistently.
    pub(super) async fn items_of(&self, pk: &str, sk: Sk<'_>) -> Result<Vec<Item>, StoreError> {
        let (condition, value) = match sk {
            Sk::Any => ("pk = :pk", None),
            Sk::Begins(start) => ("pk = :pk AND begins_with(sk, :sk)", Some(start)),
            Sk::From(start) => ("pk = :pk AND sk >= :sk", Some(start)),
        };
        let mut query = self
            .client
            .query()
            .key_condition_expression(condition)
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .consistent_read(true);
        if let Some(value) = value {
            query = query.expression_attribute_values(":sk", AttributeValue::S(value.to_owned()));
        }
        self.all_of(query).await
    }

    /// The same under a customer.
    pub(super) async fn items_under(&self, id: &Id, sk: Sk<'_>) -> Result<Vec<Item>, StoreError> {
        self.items_of(&keys::customer(id), sk).await
    }

    /// All that a query finds.
    pub(super) async fn all_of(&self, query: QueryFluentBuilder) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let take = |page: Vec<Item>| {
            items.extend(page);
            Ok(())
        };
        self.each_page(query, take).await?;
        Ok(items)
    }

    /// The first so many items that a query finds, by one request.
    pub(super) async fn first_of(
        &self,
        query: QueryFluentBuilder,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let query = query.table_name(&self.table).limit(limit);
        let answer = query.set_return_consumed_capacity(self.count_mode()).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        Ok(answer.items.unwrap_or_default())
    }

    /// Takes what a query finds page by page: more than fits into memory, if need be.
    pub(super) async fn each_page(
        &self,
        query: QueryFluentBuilder,
        mut take: impl FnMut(Vec<Item>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let query = query.table_name(&self.table);
        let query = query.set_return_consumed_capacity(self.count_mode());
        let mut pages = query.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(StoreError::service)?;
            self.count(true, page.consumed_capacity());
            take(page.items.unwrap_or_default())?;
        }
        Ok(())
    }
}
