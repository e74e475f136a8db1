    // Get points transaction history
    const history = await loyalpro.points.list({
      customer_id: "cus_abc123",
      limit: 20,
      order: "desc"
    });
    
    // Each transaction includes:
    // - id, type (earned/redeemed/expired/adjusted)
    // - points, balance_after
    // - reason, metadata
    // - created_at
    
    history.data.forEach(txn => {
      console.log(`${txn.type}: ${txn.points} points - ${txn.reason}`);
    });

