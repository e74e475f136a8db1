    // Check customer balance first
    const customer = await loyalpro.customers.retrieve("cus_abc123");
    console.log(customer.points_balance); // 500
    
    // Redeem points for a reward
    const redemption = await loyalpro.points.redeem({
      customer_id: "cus_abc123",
      reward_id: "rwd_xyz789",
      points: 200
    });
    
    // Generate redemption code for POS
    console.log(redemption.code); // "REDEEM-ABC123"
    console.log(redemption.discount_amount); // 1000 (₦1,000)

